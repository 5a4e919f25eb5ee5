"""Lists of audit events, newest first, out of several partitions: what is read is what is shown and a bounded rest."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from .audit_events import SHARDS, AuditEvents
from .store.expressions import Key
from .store.wire import Item

# Events that a page may look at besides those that it shows, and days that it may look back.
MOST_BESIDES, MOST_DAYS = 200, 10
DAY = timedelta(days=1)

Fits = Callable[[Item], bool]
Stream = Iterator[Item]


@dataclass(frozen=True)
class Bounds:
    """Between which times, before which position in the list, and how many."""

    since: datetime
    until: datetime
    before: str | None
    limit: int

    @property
    def first(self) -> str:
        """The key of the earliest."""
        return self.since.isoformat(timespec="microseconds")

    @property
    def last(self) -> str:
        """The key that the latest is not after."""
        return self.before or self.until.isoformat(timespec="microseconds") + "$"  # above the tail's mark


@dataclass(frozen=True)
class Found:
    """Events, and the position after them; None at the end."""

    items: list[Item]
    position: str | None


def of_subject(events: AuditEvents, subjects: list[str], bounds: Bounds, fits: Fits) -> Found:
    """What happened to somebody, who may have several names."""
    streams = [_stream(events, bounds, "subject", each, None, len(subjects)) for each in subjects]
    return _taken(streams, bounds, fits)


def of_actor(events: AuditEvents, actor: str, bounds: Bounds, fits: Fits) -> Found:
    """What somebody did, to others and for themselves."""
    others = _stream(events, bounds, "acted_by", actor, "actor-index", 2)
    own = _stream(events, bounds, "subject", actor, None, 2)
    return _taken([others, own], bounds, fits)


def of_feed(events: AuditEvents, bounds: Bounds, fits: Fits) -> Found:
    """What happened to anybody, day by day; a page looks back a few days and no further."""
    found, day, looked = Found([], None), bounds.last[:10], 0
    while True:
        left = replace(bounds, limit=bounds.limit - len(found.items))
        streams = [_stream(events, left, "feed", f"{day}#{shard:02d}", "feed-index", SHARDS) for shard in range(SHARDS)]
        of_day = _taken(streams, left, fits)
        found = Found(found.items + of_day.items, of_day.position)
        if found.position is not None or day <= bounds.first[:10]:
            return found
        looked += 1
        if looked == MOST_DAYS or len(found.items) == bounds.limit:
            return Found(found.items, day)
        day = (datetime.fromisoformat(day) - DAY).date().isoformat()


def _stream(events: AuditEvents, bounds: Bounds, name: str, value: str, index: str | None, beside: int) -> Stream:
    """The events of one partition, newest first, read in chunks that are a share of the page."""
    chunk, before = bounds.limit // beside + 3, bounds.last
    while before >= bounds.first:
        where = Key(name).eq(value) & Key("at").between(bounds.first, before)
        page = events.query(where, index=index, newest_first=True, limit=chunk)
        yield from (item for item in page.items if item["at"] < before)
        if page.cursor is None:
            return
        before = page.items[-1]["at"]


def _taken(streams: list[Stream], bounds: Bounds, fits: Fits) -> Found:
    """As many as asked for of those that fit, and where to go on."""
    taken: list[Item] = []
    last = None
    for looked, item in enumerate(heapq.merge(*streams, key=lambda each: each["at"], reverse=True)):
        if len(taken) == bounds.limit or looked == bounds.limit + MOST_BESIDES:
            return Found(taken, last)
        last = item["at"]
        if fits(item):
            taken.append(item)
    return Found(taken, None)
