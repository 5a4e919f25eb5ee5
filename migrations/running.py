"""The move itself: people and the claims of their emails, then recordings, by many workers at once."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from threading import Event
from typing import Any, Protocol

from migrations.chunks import Chunk, Chunker
from migrations.columns import Columns
from migrations.faults import Stopped
from migrations.later import news, only_new
from migrations.loading import Loading, Tally
from migrations.mapping import AUDIO_FILES, USERS
from migrations.members import fit
from migrations.moved import KEPT, WRITTEN, Moved
from migrations.pace import Pace
from migrations.ranges import Ranges
from migrations.rejects import Line, Rejects
from migrations.rows import Rules
from migrations.source import Source
from migrations.state import Folder
from panzoto.deps import Deps

# Rows that were made this long before the snapshot may have come into sight after it: long transactions, clocks apart.
OVERLAP = timedelta(minutes=15)
AHEAD = 2


class Watch(Protocol):
    """Sees how far the move has come."""

    def begin(self, label: str, total: int, done: int) -> None:
        """A table of so many rows begins, of which so many were moved before."""

    def advance(self, rows: int) -> None:
        """So many more are done."""


@dataclass(frozen=True, kw_only=True)
class Running:
    """One run of the move."""

    deps: Deps
    source: Source
    folder: Folder
    rules: Rules
    workers: int
    most_units: float | None
    patience: float
    watch: Watch

    def full(self) -> dict[str, Any]:
        """Move every row that was not moved before. Killed at any moment, the same again goes on."""
        moved = Moved(self.deps.gateway, self.deps.emails.name)
        at = self.source.at
        before = {each: moved.begin(self.source.place(each), self.source[each], at) for each in (USERS, AUDIO_FILES)}

        def still(line: Line) -> bool:
            key = line["row"][self.source[line["table"]].table.ours[0]]
            return (
                key is not None
                and before[line["table"]].ranges.find(self.source[line["table"]].key_of(key)) is not None
            )

        with closing(Rejects(self.folder.rejects, still)) as rejects:
            tally = Tally()
            for label, progress in before.items():
                columns = self.source[label]
                done = sum(progress.counts.values())
                self.watch.begin(label, self.source.count(columns), done)
                with self.source.rows(columns, after=progress.ranges.start) as rows:
                    chunks = self._chunker(columns, progress.ranges).chunks(rows)
                    tally.add(self._move(self._loading(columns, moved, rejects, again=progress.ended), chunks))
            result = self._result(tally, rejects, moved)
        for label in before:
            moved.end(self.source.place(label), self.source[label])
        since = (min(each.first_at or at for each in before.values()) - OVERLAP).isoformat()
        self.folder.note(run=result, since=since)
        return {**result, "since": since}

    def later(self, since: datetime) -> dict[str, Any]:
        """Move the rows that were made since a time, and that are not here and were not deleted here."""
        moved = Moved(self.deps.gateway, self.deps.emails.name)
        if not all(moved.of(self.source.place(each), self.source[each]).ended for each in (USERS, AUDIO_FILES)):
            raise Stopped("No run has moved everything that was there before; run without --since first.")
        with closing(Rejects(self.folder.rejects, lambda _: True)) as rejects:
            tally = Tally()
            for label in (USERS, AUDIO_FILES):
                columns = self.source[label]
                self.watch.begin(label, self.source.count(columns, since), 0)
                with self.source.rows(columns, since=since) as rows:
                    chunks = self._chunker(columns, Ranges.of([])).chunks(rows)
                    new = (only_new(self.deps, columns, chunk, tally.outcomes) for chunk in chunks)
                    tally.add(self._move(self._loading(columns, moved, rejects), new))
            result = {"rows": tally.rows, "units": tally.units, "retries": tally.retries, **tally.outcomes}
        at = (self.source.at - OVERLAP).isoformat()
        self.folder.note(later=[*self.folder.read().get("later", []), {"since": since.isoformat(), **result}], since=at)
        return {**result, "since": at}

    def _chunker(self, columns: Columns, ranges: Ranges) -> Chunker:
        return Chunker(columns, ranges, partial(fit, self.deps, columns, rules=self.rules))

    def _loading(self, columns: Columns, moved: Moved, rejects: Rejects, *, again: bool = False) -> Loading:
        """What moves a table; after a pass by --since, which leaves no marks, whom it brought may be gone by now."""
        ending = Event()
        return Loading(
            deps=self.deps,
            columns=columns,
            source=self.source.place(columns.table.label),
            moved=moved,
            rejects=rejects,
            pace=Pace(self.most_units, wait=ending.wait),
            ending=ending,
            patience=self.patience,
            news=partial(news, self.deps, columns) if again else list,
        )

    def _move(self, loading: Loading, chunks: Iterable[Chunk]) -> Tally:
        """Move chunks with all workers, no further ahead than they keep up with."""
        tally = Tally()
        with ThreadPoolExecutor(self.workers) as pool:
            try:
                for done in _in_flight(lambda chunk: pool.submit(loading.move, chunk), chunks, self.workers * AHEAD):
                    tally.add(done)
                    self.watch.advance(done.rows)
            except BaseException:
                loading.ending.set()  # or workers would wait for DynamoDB as long as they may
                pool.shutdown(wait=True, cancel_futures=True)
                raise
        return tally

    def _result(self, tally: Tally, rejects: Rejects, moved: Moved) -> dict[str, Any]:
        """What all runs have come to together, as the marks in the tables say."""
        tables: dict[str, Any] = {}
        for label in (USERS, AUDIO_FILES):
            counts = moved.of(self.source.place(label), self.source[label]).counts
            reasons = Counter({why: n for (table, why), n in rejects.counts.items() if table == label})
            tables[label] = {
                "rows": self.source.count(self.source[label]),
                WRITTEN: counts[WRITTEN],
                KEPT: counts[KEPT],
                "rejected": sum(reasons.values()),
                "reasons": dict(_general(reasons).most_common()),
            }
        return {"tables": tables, "units": tally.units, "retries": tally.retries}


def _general(reasons: Counter[str]) -> Counter[str]:
    """The reasons without the ids in them, so that there are few."""
    general: Counter[str] = Counter()
    for reason, count in reasons.items():
        words = reason.split()
        general[" ".join("…" if any(sign.isdigit() for sign in word) else word for word in words)] += count
    return general


def _in_flight(submit: Callable[[Chunk], Future[Tally]], chunks: Iterable[Chunk], most: int) -> Iterator[Tally]:
    """What chunks come to. Of two that claim the same the first is done before the second begins."""
    waiting: deque[tuple[Chunk, Future[Tally]]] = deque()
    for chunk in chunks:
        while len(waiting) >= most or any(not chunk.claims.isdisjoint(other.claims) for other, _ in waiting):
            yield waiting.popleft()[1].result()
        waiting.append((chunk, submit(chunk)))
    while waiting:
        yield waiting.popleft()[1].result()
