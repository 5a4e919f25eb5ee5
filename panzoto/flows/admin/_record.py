"""How acts are put on record by their own transaction: by whom, on whom, and what was before and what is after."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from panzoto.deps import Deps
from panzoto.models.audit_events import AuditEvent
from panzoto.models.store.transaction import Member
from panzoto.models.user import User

from .staff import Staff


def recording(
    deps: Deps,
    staff: Staff,
    subject: str,
    action: str,
    now: datetime,
    *,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
) -> Member:
    """An act, on record, as a member of the transaction by which it is done."""
    return deps.audit.recording(
        AuditEvent(
            subject=subject,
            action=action,
            actor=staff.actor,
            at=now,
            address=staff.client.address,
            user_agent=staff.client.user_agent,
            details={"before": before, "after": after, "by": staff.name},
        )
    )


def standing(user: User) -> dict[str, Any]:
    """What an act on a person may change of them."""
    disabled = user.disabled_at.isoformat() if user.disabled_at else None
    return {"roles": sorted(user.roles), "disabled_at": disabled}
