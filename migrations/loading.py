"""A chunk is moved: in one transaction, with its mark, and without what stands in the way."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from threading import Event

from migrations.chunks import Chunk, Reject
from migrations.columns import Columns, KeyValue
from migrations.faults import Stopped
from migrations.members import Fit, Obstacles, seen_of
from migrations.moved import KEPT, OUTCOMES, REJECTED, WRITTEN, Moved
from migrations.pace import Pace
from migrations.rejects import Rejects
from migrations.rows import Row
from panzoto.deps import Deps
from panzoto.errors import StoreRefused, StoreUnavailable
from panzoto.models.store import ledger
from panzoto.models.store.gateway import TransactionCancelled
from panzoto.models.store.transaction import REFUSED, Member
from panzoto.models.store.wire import Item

# Units of a row's writes when its items are below 1 KiB, as most are; a transaction's writes count double.
UNITS = {"users": 5, "audio_files": 6}
UNITS_OF_MARK = 2
PAUSE = 0.5
ENDED = "The run was ended; the same command goes on where this one stopped."


class _Overtaken(Exception):
    """Rows up to a key are moved already: by an attempt of ours whose answer was lost, or by another machine."""

    def __init__(self, upto: KeyValue) -> None:
        super().__init__()
        self.upto = upto


@dataclass
class Tally:
    """What some chunks have come to."""

    rows: int = 0
    units: float = 0.0
    retries: int = 0
    outcomes: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(OUTCOMES, 0)))

    def add(self, other: Tally) -> None:
        """Count others in."""
        self.rows += other.rows
        self.units += other.units
        self.retries += other.retries
        self.outcomes.update(other.outcomes)


@dataclass(frozen=True, kw_only=True)
class Loading:
    """Moves the chunks of one table: those of their rows that are news. Used by many threads at once."""

    deps: Deps
    columns: Columns
    source: str
    moved: Moved
    rejects: Rejects
    pace: Pace
    patience: float
    news: Callable[[list[tuple[Fit, Row]]], list[tuple[Fit, Row]]] = list
    clock: Callable[[], float] = time.monotonic
    ending: Event = field(default_factory=Event)

    def move(self, chunk: Chunk) -> Tally:
        """Move it. Commit point: the transaction; whatever ends us before it has moved nothing of the chunk.

        What somebody else has moved of it meanwhile is in the counts of their mark.
        """
        for each in chunk.rejects:
            self._reject(each)
        tally = Tally()
        left: Chunk | None = chunk
        while left is not None:
            moved = Tally()
            left = self._moved(left, moved)
            tally.add(moved)
        tally.rows = len(chunk.fits) + len(chunk.rejects)
        return tally

    def _moved(self, chunk: Chunk, tally: Tally) -> Chunk | None:
        """Try until it is done, each time without the rows in whose way something stands; what somebody has left."""
        tally.outcomes[REJECTED] += len(chunk.rejects)
        fits, token, ends = self.news(chunk.fits), _token(), self.clock() + self.patience
        tally.outcomes[KEPT] += len(chunk.fits) - len(fits)
        while True:
            with ledger.keep("migrate") as spent:
                try:
                    left = self._attempt(chunk, fits, tally, token, ends)
                except _Overtaken as before:
                    tally.outcomes.clear()
                    return chunk.beyond(before.upto, self.columns)
                finally:
                    tally.units += spent.writes
                    tally.retries += spent.retries
            if left is None:
                return None
            if left is not fits:  # or it is the same transaction, which DynamoDB does not do once more
                fits, token = left, _token()

    def _attempt(
        self, chunk: Chunk, fits: list[tuple[Fit, Row]], tally: Tally, token: str, ends: float
    ) -> list[tuple[Fit, Row]] | None:
        """One transaction; the rows that are still to be moved when it was refused, None when all is done."""
        counts = {**tally.outcomes, WRITTEN: len(fits)}
        mark = self.moved.marking(self.source, self.columns.table.label, chunk.reach, counts) if chunk.reach else None
        members = _members(fits)
        expected = len(fits) * UNITS[self.columns.table.label] + UNITS_OF_MARK
        self.pace.take(expected)
        if self.ending.is_set():
            raise Stopped(ENDED)
        try:
            consumed = self._transact([*([mark] if mark else []), *members.values()], token)
            self.pace.correct(consumed - expected)
        except TransactionCancelled as cancelled:
            codes = list(cancelled.reasons)
            if mark and (theirs := codes.pop(0))[0] == REFUSED:  # an attempt's whose answer was lost, or somebody's
                raise _Overtaken(self.columns.key_of((theirs[1] or {})["upto"])) from None
            return self._without(fits, _obstacles(members, codes), tally)
        except StoreRefused as fault:
            raise Stopped(f"{fault}; this command goes on when that is mended.") from None
        except StoreUnavailable:
            if self.ending.wait(PAUSE):
                raise Stopped(ENDED) from None
            if self.clock() > ends:
                raise Stopped("DynamoDB is not to be had; the same command goes on where this one stopped.") from None
            return fits
        tally.outcomes[WRITTEN] += len(fits)
        return None

    def _transact(self, members: list[Member], token: str) -> float:
        if not members:
            return 0.0
        request = {
            "TransactItems": [{member.kind: member.request} for member in members],
            "ClientRequestToken": token,
        }
        before = ledger.current().writes
        self.deps.gateway.call("TransactWriteItems", request)
        return ledger.current().writes - before

    def _without(
        self, fits: list[tuple[Fit, Row]], obstacles: dict[str, Item | None], tally: Tally
    ) -> list[tuple[Fit, Row]]:
        """The rows in whose way nothing stands; what becomes of the others is counted, and written down."""
        left = []
        for fit, row in fits:
            own: Obstacles = {n: obstacles[name] for n, name in enumerate(fit.names) if name in obstacles}
            if not own:
                left.append((fit, row))
                continue
            outcome, reason = fit.judge(own)
            tally.outcomes[outcome] += 1
            if outcome != KEPT:
                self._reject(Reject(row, reason))
        return left

    def _reject(self, reject: Reject) -> None:
        row = seen_of(self.columns, reject.row)
        self.rejects.add({"table": self.columns.table.label, "reason": reject.reason, "row": row})


def _obstacles(members: Iterable[str], codes: list[tuple[str, Item | None]]) -> dict[str, Item | None]:
    """The items that stood in the way, by their names; `Stopped` where rows are refused for what is none of theirs."""
    obstacles = {name: item for name, (code, item) in zip(members, codes, strict=True) if code == REFUSED}
    if not obstacles:
        raise Stopped(f"DynamoDB refuses rows with {', '.join(sorted({code for code, _ in codes}))}.") from None
    return obstacles


def _token() -> str:
    """What makes a repeated attempt, whose first answer was lost, the same transaction."""
    return secrets.token_urlsafe(24)


def _members(fits: list[tuple[Fit, Row]]) -> dict[str, Member]:
    """The members of all rows, each item once: many recordings are one person's."""
    return {name: member for fit, _ in fits for name, member in zip(fit.names, fit.members, strict=True)}
