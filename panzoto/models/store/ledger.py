"""What one request has spent at DynamoDB: units, round trips, and the time that it has waited."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from typing import Any

READS = frozenset({"GetItem", "BatchGetItem", "Query", "Scan", "TransactGetItems"})


@dataclass(slots=True)
class Ledger:
    """The units and round trips of one flow, and the seconds that it has waited."""

    flow: str
    waited: float = 0.0
    reads: float = 0.0
    writes: float = 0.0
    trips: int = 0
    retries: int = 0
    units: Counter[tuple[str, str]] = field(default_factory=Counter)

    def enter(self, operation: str, response: Mapping[str, Any]) -> None:
        """Count what a response says that its call has consumed."""
        consumed = response.get("ConsumedCapacity") or ()
        kind = "read" if operation in READS else "write"
        for each in [consumed] if isinstance(consumed, Mapping) else consumed:
            amount = each.get("CapacityUnits", 0.0)
            self.units[each.get("TableName", ""), kind] += amount
            if kind == "read":
                self.reads += amount
            else:
                self.writes += amount

    def beside(self) -> Ledger:
        """A ledger for what is done meanwhile by somebody else, who has waited for as long."""
        return Ledger(self.flow, waited=self.waited)

    def join(self, other: Ledger) -> None:
        """Count what was done beside: its units and calls besides, its waiting at the same time."""
        self.waited = max(self.waited, other.waited)
        self.reads += other.reads
        self.writes += other.writes
        self.trips += other.trips
        self.retries += other.retries
        self.units.update(other.units)


_current: ContextVar[Ledger | None] = ContextVar("ledger", default=None)


def current() -> Ledger:
    """The ledger of the request that this thread is serving, or one that nobody will read."""
    return _current.get() or Ledger("none")


def begin(flow: str) -> tuple[Ledger, Token[Ledger | None]]:
    """A new ledger for what happens from now on, and what `end` puts the one of before back with."""
    ledger = Ledger(flow)
    return ledger, _current.set(ledger)


def end(token: Token[Ledger | None]) -> None:
    """Go on with the ledger of before."""
    _current.reset(token)


@contextmanager
def keep(flow: str) -> Iterator[Ledger]:
    """Keep a ledger for what happens inside."""
    with on(Ledger(flow)) as ledger:
        yield ledger


@contextmanager
def on(ledger: Ledger) -> Iterator[Ledger]:
    """Have what happens inside counted there."""
    token = _current.set(ledger)
    try:
        yield ledger
    finally:
        end(token)


@contextmanager
def apart() -> Iterator[None]:
    """Let what happens inside wait as long as a request by itself may; what it spends is counted with the rest."""
    whole = current()
    with keep(whole.flow) as part:
        try:
            yield
        finally:
            whole.join(part)
