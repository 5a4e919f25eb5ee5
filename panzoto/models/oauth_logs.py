"""The steps of OAuth flows."""

from __future__ import annotations

from collections.abc import Iterator

from .spec import OAUTH_LOGS
from .store.expressions import Key
from .store.wire import Item
from .table import Table


class OAuthLogs(Table):
    """The table of steps."""

    spec = OAUTH_LOGS

    def of(self, user_id: str) -> Iterator[Item]:
        """Every step of a person's flows, in order."""
        return self.query_all(Key("userId").eq(user_id))

    def forget(self, user_id: str) -> None:
        """Delete every step of a person's flows."""
        self.write_many(deletes=[{"userId": user_id, "timestamp": each["timestamp"]} for each in self.of(user_id)])
