"""Access tokens that were ended before their time, for services that verify tokens by themselves."""

from __future__ import annotations

from datetime import datetime

from panzoto.models.spec import AUTH_STATE
from panzoto.models.store.transaction import Member
from panzoto.models.store.wire import Item
from panzoto.models.table import Table
from panzoto.models.times import seconds

from .keys import key

KIND = "REVOKED_TOKEN"


class RevokedTokens(Table):
    """`REVOKED_TOKEN#<jti>`: one until the token's own expiry."""

    spec = AUTH_STATE

    def marking(self, jti: str, expires_at: datetime, now: datetime) -> Member:
        """That a token has ended, as a member of a transaction. Saying it again changes nothing."""
        return self.putting({**key(KIND, jti), "RevokedAt": seconds(now), "TTL": seconds(expires_at)})

    def find(self, jti: str) -> Item | None:
        """The mark of a token that has ended."""
        return self.get(key(KIND, jti))
