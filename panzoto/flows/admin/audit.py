"""What happened, newest first: to somebody, by somebody, of some kind, or all of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import orjson

from panzoto.deps import Deps
from panzoto.models.audit_events import moment_of
from panzoto.models.audit_lists import Bounds, Found, of_actor, of_feed, of_subject
from panzoto.models.store.wire import Item

from .staff import Staff


@dataclass(frozen=True)
class Asked:
    """Which events: what is None is not asked for."""

    subject: str | None = None
    actor: str | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Event:
    """One thing that happened."""

    at: datetime
    subject: str
    action: str
    actor: str
    address: str
    user_agent: str
    details: dict[str, Any]


@dataclass(frozen=True)
class Events:
    """Some events of a list, the cursor that goes on after them, and how far back it was looked for them."""

    items: tuple[Event, ...]
    cursor: str | None
    back_to: datetime | None


def audit(deps: Deps, _: Staff, asked: Asked, *, limit: int = 50, cursor: str | None = None) -> Events:
    """A page of events. It reads as many as it shows and a bounded number besides; then the cursor goes on."""
    now = deps.clock()
    scope = b"audit" + orjson.dumps(asdict(asked))
    since = max(asked.since or now - deps.config.audit_retention, now - deps.config.audit_retention)
    until = min(asked.until or now, now)
    before = deps.gateway.cursors.open(scope, cursor).decode() if cursor else None
    bounds = Bounds(since, until, before, limit)
    found = _found(deps, asked, bounds)
    go_on = deps.gateway.cursors.seal(scope, found.position.encode()) if found.position else None
    return Events(tuple(map(event_of, found.items)), go_on, moment_of(found.position) if found.position else None)


def _found(deps: Deps, asked: Asked, bounds: Bounds) -> Found:
    def fits(item: Item) -> bool:
        return asked.action in {None, item["action"]} and asked.actor in {None, item["actor"]}

    if asked.subject is not None:
        return of_subject(deps.audit, [asked.subject], bounds, fits)
    if asked.actor is not None:
        return of_actor(deps.audit, asked.actor, bounds, fits)
    return of_feed(deps.audit, bounds, fits)


def event_of(item: Item) -> Event:
    """The event that an item describes."""
    return Event(
        at=moment_of(item["at"]),
        subject=item["subject"],
        action=item["action"],
        actor=item["actor"],
        address=item["ipAddress"],
        user_agent=item["userAgent"],
        details=item["details"],
    )
