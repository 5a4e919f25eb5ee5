"""Figures by day, and what there is altogether: counters that each process adds to now and then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from panzoto.models.spec import AUTH_STATE
from panzoto.models.store.expressions import Change, Key
from panzoto.models.store.wire import Item
from panzoto.models.table import Table
from panzoto.models.times import seconds

PK, TOTAL, DAY = "FIGURES", "TOTAL", "DAY#"
KEPT = timedelta(days=400)

Amounts = Mapping[str, Decimal]


@dataclass(frozen=True)
class Kept:
    """What was counted on each of some days, and altogether."""

    days: Mapping[date, Amounts]
    total: Amounts


class Figures(Table):
    """`FIGURES`: one item for each day, and one for what there is altogether.

    Whoever adds to an item is a process and not a request, so that its key is written a few times in a second at most.
    """

    spec = AUTH_STATE

    def add_to_day(self, day: date, amounts: Mapping[str, float], now: datetime) -> None:
        """Add to the figures of a day."""
        self.update(_key(day_key(day)), Change(add=_numbers(amounts), set={"TTL": seconds(now + KEPT)}))

    def add_to_total(self, amounts: Mapping[str, float]) -> None:
        """Add to what there is altogether."""
        self.update(_key(TOTAL), Change(add=_numbers(amounts)))

    def set_total(self, amounts: Mapping[str, float]) -> None:
        """What there is altogether, as somebody has counted it."""
        self.update(_key(TOTAL), Change(set=_numbers(amounts)))

    def between(self, first: date, last: date) -> Kept:
        """The figures of those days, both with them, and the total: one query, an item for each day and one more."""
        where = Key("PK").eq(PK) & Key("SK").between(day_key(first), day_key(last))
        found = {date.fromisoformat(item["SK"].removeprefix(DAY)): _amounts(item) for item in self.query_all(where)}
        return Kept(found, _amounts(self.get(_key(TOTAL)) or {}))


def day_key(day: date) -> str:
    """The key of a day, below that of all figures."""
    return f"{DAY}{day.isoformat()}"


def _key(name: str) -> dict[str, str]:
    return {"PK": PK, "SK": name}


def _numbers(amounts: Mapping[str, float]) -> dict[str, Decimal]:
    """Exact: what is counted are whole and half units."""
    return {name: Decimal(amount) for name, amount in amounts.items()}


def _amounts(item: Item) -> Amounts:
    return {name: Decimal(each) for name, each in item.items() if isinstance(each, int | Decimal) and name != "TTL"}
