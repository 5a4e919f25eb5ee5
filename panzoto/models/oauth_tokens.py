"""The vault's items: a person's connection to a provider, its tokens sealed."""

from __future__ import annotations

from .spec import OAUTH_TOKENS
from .store.expressions import Key
from .store.wire import Item
from .table import Table


class OAuthTokens(Table):
    """The vault."""

    spec = OAUTH_TOKENS

    def of(self, user_id: str) -> list[Item]:
        """Every connection of a person."""
        return list(self.query_all(Key("userId").eq(user_id)))

    def forget(self, user_id: str) -> None:
        """Delete every connection of a person, with its tokens."""
        self.write_many(deletes=[{"userId": user_id, "provider": each["provider"]} for each in self.of(user_id)])
