"""Rate limits: a count for each limit, subject and window, which one conditional write charges or refuses."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from panzoto.errors import Conflict, RateLimited
from panzoto.models.spec import AUTH_STATE
from panzoto.models.store.expressions import Attr, Change
from panzoto.models.store.gateway import Gateway
from panzoto.models.table import Table

from .keys import key

if TYPE_CHECKING:
    from limits import Limit, Limits

KIND = "RATE"


class Rates(Table):
    """`RATE#<limit>#<subject>#<window>`: how often it was charged."""

    spec = AUTH_STATE

    def __init__(self, gateway: Gateway, name: str, limits: Limits) -> None:
        super().__init__(gateway, name)
        self._limits = limits

    def charge(self, name: str, subject: str, now: datetime) -> int:
        """Count one more, before what it allows is done; how many that makes. Over it, `RateLimited` is raised."""
        limit = self._limits[name]
        ends = limit.ends(now)
        wait = max(1, ends - int(now.timestamp()))
        item = self.update(
            _key(limit, subject, now),
            Change(add={"Count": 1}, set={"TTL": ends}),
            when=Attr("Count").not_exists() | Attr("Count").lt(limit.most),
            otherwise=lambda _: RateLimited(limit.name, retry_after=wait),
        )
        count: int = item["Count"]
        return count

    def give_back(self, name: str, subject: str, now: datetime) -> None:
        """Take back one charge, for what was refused before it was looked at; nothing, if it is forgotten already."""
        counted = Attr("Count").gt(0)
        with suppress(Conflict):
            self.update(_key(self._limits[name], subject, now), Change(add={"Count": -1}), when=counted)

    def clear(self, name: str, subject: str, now: datetime) -> None:
        """Forget what was counted in this window."""
        self.delete(_key(self._limits[name], subject, now))


def _key(limit: Limit, subject: str, now: datetime) -> dict[str, str]:
    return key(KIND, f"{limit.name}#{subject}#{limit.index(now)}")
