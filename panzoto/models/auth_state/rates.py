"""Rate limits: a count for each limit, subject and window, which one conditional write charges or refuses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from hashlib import sha256
from operator import and_
from typing import TYPE_CHECKING, Any, Self

from panzoto.errors import Conflict, RateLimited
from panzoto.models.spec import AUTH_STATE
from panzoto.models.store.expressions import Attr, Change, Condition
from panzoto.models.store.gateway import Gateway
from panzoto.models.table import Table

from .keys import key

if TYPE_CHECKING:
    from limits import Limit, Limits

KIND, COUNT = "RATE", "Count"


@dataclass(frozen=True)
class Part:
    """Of what a subject is charged, what somebody alone has brought about: a limit of its own, in the same item.

    `mark` stands for whoever that is. There are no more counters in an item than the whole is charged.
    """

    limit: str
    mark: str

    @classmethod
    def of(cls, limit: str, somebody: str) -> Self:
        """The part of somebody."""
        return cls(limit, sha256(somebody.encode()).hexdigest()[:16])

    @property
    def counter(self) -> str:
        """The attribute that counts it."""
        return f"Count_{self.mark}"


class Rates(Table):
    """`RATE#<limit>#<subject>#<window>`: how often it was charged."""

    spec = AUTH_STATE

    def __init__(self, gateway: Gateway, name: str, limits: Limits) -> None:
        super().__init__(gateway, name)
        self._limits = limits

    def charge(self, name: str, subject: str, now: datetime, part: Part | None = None) -> int:
        """Count one more, before what it allows is done; how many that makes. Over it, `RateLimited` is raised."""
        limit = self._limits[name]
        ends = limit.ends(now)
        wait = max(1, ends - int(now.timestamp()))
        most = {COUNT: limit} | ({part.counter: self._limits[part.limit]} if part else {})
        item = self.update(
            _key(limit, subject, now),
            Change(add=dict.fromkeys(most, 1), set={"TTL": ends}),
            when=_all(Attr(counter).not_exists() | Attr(counter).lt(each.most) for counter, each in most.items()),
            otherwise=lambda found: RateLimited(_reached(most, found or {}), retry_after=wait),
        )
        count: int = item[COUNT]
        return count

    def give_back(self, name: str, subject: str, now: datetime, part: Part | None = None) -> None:
        """Take back one charge, for what was refused before it was looked at; nothing, if it is forgotten already."""
        where, counted = _key(self._limits[name], subject, now), Attr(COUNT).gt(0)
        with suppress(Conflict):
            if part is None:
                self.update(where, Change(add={COUNT: -1}), when=counted)
            else:
                self._give_back_part(where, counted, part.counter)

    def _give_back_part(self, where: dict[str, str], counted: Condition, counter: str) -> None:
        """Take back one charge of a part as well. The counter of the last goes, or parts of nothing would pile up."""
        try:
            self.update(where, Change(add={COUNT: -1}, remove=[counter]), when=counted & Attr(counter).eq(1))
        except Conflict:
            self.update(where, Change(add={COUNT: -1, counter: -1}), when=counted & Attr(counter).gt(1))

    def clear(self, name: str, subject: str, now: datetime) -> None:
        """Forget what was counted in this window."""
        self.delete(_key(self._limits[name], subject, now))


def _all(conditions: Iterable[Condition]) -> Condition:
    return reduce(and_, conditions)


def _reached(most: Mapping[str, Limit], item: Mapping[str, Any]) -> str:
    """The name of the limit that is reached: its own, where the whole is not."""
    return next((limit.name for counter, limit in most.items() if item.get(counter, 0) >= limit.most), most[COUNT].name)


def _key(limit: Limit, subject: str, now: datetime) -> dict[str, str]:
    return key(KIND, f"{limit.name}#{subject}#{limit.index(now)}")
