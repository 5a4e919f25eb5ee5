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
    """Events, the position after them, None at the end; and how many were looked at."""

    items: list[Item]
    position: str | None
    looked_at: int = 0


def of_subject(events: AuditEvents, subjects: list[str], bounds: Bounds, fits: Fits) -> Found:
    """What happened to somebody, who may have several names."""
    streams = [_stream(events, bounds, "subject", each, None, len(subjects)) for each in subjects]
    return _taken(streams, bounds, fits, bounds.limit + MOST_BESIDES)


def of_actor(events: AuditEvents, actor: str, bounds: Bounds, fits: Fits) -> Found:
    """What somebody did, to others and for themselves."""
    others = _stream(events, bounds, "acted_by", actor, "actor-index", 2)
    own = _stream(events, bounds, "subject", actor, None, 2)
    return _taken([others, own], bounds, fits, bounds.limit + MOST_BESIDES)


def of_feed(events: AuditEvents, bounds: Bounds, fits: Fits) -> Found:
    """What happened to anybody, day by day; a page looks back a few days and no further."""
    items, earlier, most = list[Item](), bounds.last[:10], bounds.limit + MOST_BESIDES
    for _ in range(MOST_DAYS):
        day = earlier
        left = replace(bounds, limit=bounds.limit - len(items))
        streams = [_stream(events, left, "feed", f"{day}#{shard:02d}", "feed-index", SHARDS) for shard in range(SHARDS)]
        of_day = _taken(streams, left, fits, most)
        items, most = items + of_day.items, most - of_day.looked_at
        if of_day.position is not None or day <= bounds.first[:10]:
            return Found(items, of_day.position)
        if len(items) == bounds.limit or not most:
            break
        earlier = (datetime.fromisoformat(day) - DAY).date().isoformat()
    return Found(items, day)


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


def _taken(streams: list[Stream], bounds: Bounds, fits: Fits, most: int) -> Found:
    """As many as asked for of those that fit, among so many, and where to go on."""
    taken: list[Item] = []
    looked, last = 0, None
    for item in heapq.merge(*streams, key=lambda each: each["at"], reverse=True):
        if len(taken) == bounds.limit or looked == most:
            return Found(taken, last, looked)
        looked, last = looked + 1, item["at"]
        if fits(item):
            taken.append(item)
    return Found(taken, None, looked)
