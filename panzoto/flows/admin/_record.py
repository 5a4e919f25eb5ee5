"""How acts are told: by whom, on whom, and what was before and what is after."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from panzoto.deps import Deps
from panzoto.models.audit_events import AuditEvent
from panzoto.models.user import User

from .staff import Staff


def record(
    deps: Deps,
    staff: Staff,
    subject: str,
    action: str,
    now: datetime,
    *,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
) -> None:
    """Record an act."""
    deps.audit.record(
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
