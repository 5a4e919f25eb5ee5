"""The breaker of SMS: a burst over everything opens it, and then nobody is sent one for a while."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from panzoto import counters
from panzoto.errors import RateLimited
from panzoto.models.spec import AUTH_STATE
from panzoto.models.store.expressions import Attr, Change
from panzoto.models.store.gateway import Gateway
from panzoto.models.store.wire import Item
from panzoto.models.table import Table

from .keys import key

if TYPE_CHECKING:
    from limits import Limit

log = structlog.get_logger()


class SmsBreaker(Table):
    """`RATE#sms.everywhere#all#<window>`: how many were sent. Over the limit this window is closed, and the next too.

    The key is written as often as the limit allows and hardly more: each process remembers that the breaker is open.
    """

    spec = AUTH_STATE

    def __init__(self, gateway: Gateway, name: str, limit: Limit) -> None:
        super().__init__(gateway, name)
        self._limit = limit
        self._open_until = 0

    def charge(self, now: datetime) -> None:
        """Count one SMS before it is sent; `RateLimited` while the breaker is open."""
        if now.timestamp() < self._open_until:
            raise self._refusal(now)
        ends = self._limit.ends(now)
        few = Attr("Count").not_exists() | Attr("Count").lt(self._limit.most)
        counted = Change(add={"Count": 1}, set={"TTL": ends})
        try:
            self.update(self._key(self._limit.index(now)), counted, when=few, otherwise=_Full.of)
        except _Full as full:
            self._open_until = ends if full.closed else self._open(now)
            raise self._refusal(now) from None

    def give_back(self, now: datetime) -> None:
        """Take back an SMS that was not sent after all; a window that is full stays full."""
        few = Attr("Count").lt(self._limit.most)
        with suppress(_Full):
            self.update(self._key(self._limit.index(now)), Change(add={"Count": -1}), when=few, otherwise=_Full)

    def _open(self, now: datetime) -> int:
        """Close the next window before it begins; until when nothing is sent."""
        number = self._limit.index(now) + 1
        ends = int((number + 1) * self._limit.window.total_seconds())
        closed = Change(set={"Count": self._limit.most, "Closed": True, "TTL": ends})
        try:
            self.update(self._key(number), closed, when=Attr("Closed").not_exists(), otherwise=_Full)
        except _Full:
            return ends
        counters.SMS_BREAKER.inc()
        log.error("sms_breaker_opened", limit=str(self._limit), until=ends)
        return ends

    def _refusal(self, now: datetime) -> RateLimited:
        return RateLimited(self._limit.name, retry_after=max(1, self._open_until - int(now.timestamp())))

    def _key(self, window: int) -> dict[str, str]:
        return key("RATE", f"{self._limit.name}#all#{window}")


class _Full(Exception):
    """This window is full, or was closed because the one before was."""

    closed = False

    @classmethod
    def of(cls, item: Item | None) -> _Full:
        """The refusal that the item of a window gives."""
        full = cls("no more SMS in this window")
        full.closed = bool(item and item.get("Closed"))
        return full
