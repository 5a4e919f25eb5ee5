"""How flows tell what happened: by the transaction that makes it so, or alone where there is none."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from panzoto.deps import Deps
from panzoto.flows.client import Client
from panzoto.models.audit_events import AuditEvent
from panzoto.models.store.transaction import Member


def event(
    user_id: str,
    action: str,
    client: Client,
    now: datetime,
    details: Mapping[str, Any] | None = None,
    *,
    in_feed: bool = True,
) -> AuditEvent:
    """Something that a person did, or that happened to them."""
    return AuditEvent(
        subject=user_id,
        action=action,
        actor=user_id,
        at=now,
        address=client.address,
        user_agent=client.user_agent,
        details=dict(details or {}),
        in_feed=in_feed,
    )


def recording(
    deps: Deps,
    user_id: str,
    action: str,
    client: Client,
    now: datetime,
    details: Mapping[str, Any] | None = None,
) -> Member:
    """What happens, on record, as a member of the transaction by which it does."""
    return deps.audit.recording(event(user_id, action, client, now, details))


def record(
    deps: Deps,
    user_id: str,
    action: str,
    client: Client,
    now: datetime,
    details: Mapping[str, Any] | None = None,
    *,
    in_feed: bool = True,
) -> None:
    """Record what has happened, or is about to."""
    deps.audit.record(event(user_id, action, client, now, details, in_feed=in_feed))
