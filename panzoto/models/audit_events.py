"""Who did what, when and from where: readable by subject, and newest first across all, for as long as is configured."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from panzoto.tally import Tally

from .spec import AUDIT_EVENTS
from .store.batches import Write
from .store.expressions import Key
from .store.gateway import Gateway
from .store.pages import Page
from .store.transaction import Member
from .store.wire import Item
from .table import Table
from .times import seconds

# The feed of a day is spread over so many keys; each takes a thousand writes a second, and a page asks each.
SHARDS = 4
COUNTED = {"sign_in": "in", "sign_in_failed": "failed", "code_rejected": "failed"}


@dataclass(frozen=True, kw_only=True)
class AuditEvent:
    """One thing that happened. `details` never holds a secret."""

    subject: str
    action: str
    actor: str
    at: datetime
    address: str
    user_agent: str
    details: dict[str, Any] = field(default_factory=dict)
    # Ordinary sign-ins are read by subject alone: a place in the feed would cost every login one write more.
    in_feed: bool = True


class AuditEvents(Table):
    """The table of audit events, each kept for a time."""

    spec = AUDIT_EVENTS

    def __init__(self, gateway: Gateway, name: str, keep: timedelta, tally: Tally) -> None:
        super().__init__(gateway, name)
        self._keep = keep
        self._tally = tally

    def record(self, *events: AuditEvent) -> None:
        """Keep what happened."""
        self.write_many(puts=[self._counted(event) for event in events])

    def recording(self, event: AuditEvent) -> Member:
        """An event, as a member of the transaction of what happened: neither is without the other."""
        return self.putting(self._counted(event))

    def batching(self, event: AuditEvent) -> Write:
        """An event, as one of several writes that are made together but each for itself."""
        return self.batched(self._counted(event))

    def _counted(self, event: AuditEvent) -> Item:
        """The item of an event; sign-ins, and those that failed, are among the figures of the day."""
        if (kind := COUNTED.get(event.action)) is not None:
            self._tally.count(f"{kind}#{event.details.get('by', 'other')}")
        return to_item(event, self._keep)

    def all_of(self, subject: str) -> Iterator[Item]:
        """Everything that happened to a subject, newest first."""
        return self.query_all(Key("subject").eq(subject), newest_first=True)

    def of(self, subject: str, *, limit: int = 50, cursor: str | None = None) -> Page:
        """What happened to a subject, newest first."""
        return self.query(Key("subject").eq(subject), newest_first=True, limit=limit, cursor=cursor)


def to_item(event: AuditEvent, keep: timedelta) -> Item:
    """The item of an event. The random tail keeps two events of one moment apart."""
    moment = event.at.isoformat(timespec="microseconds")
    item: Item = {
        "subject": event.subject,
        "at": f"{moment}#{secrets.token_hex(4)}",
        "action": event.action,
        "actor": event.actor,
        "ipAddress": event.address,
        "userAgent": event.user_agent,
        "details": event.details,
        "ttl": seconds(event.at + keep),
    }
    if event.actor != event.subject:
        item["acted_by"] = event.actor
    if event.in_feed:
        item["feed"] = f"{event.at.date().isoformat()}#{secrets.randbelow(SHARDS):02d}"
    return item


def moment_of(position: str) -> datetime:
    """The time in the key of an event, or the beginning of a day."""
    return datetime.fromisoformat(position.partition("#")[0]).replace(tzinfo=UTC)
