"""Somebody at work on the machine says which emails may have an account."""

from __future__ import annotations

from datetime import datetime

from panzoto.deps import Deps
from panzoto.models.approved_emails import Approval

from ._addresses import normal_email
from ._approving import By, Wanted, anything, give, take
from ._policy import asks_for_approval


def approve(
    deps: Deps, email: str, by: str, *, expires_at: datetime | None = None, metadata: dict[str, str] | None = None
) -> Approval:
    """Approve an email, or change what its approval says. Commit point as in `give`."""
    return give(deps, Wanted(email, expires_at, metadata), By(by, by), anything)


def end_approval(deps: Deps, email: str, by: str) -> Approval | None:
    """Take an approval away, and end the sessions that it allowed; what it was. Commit point as in `take`."""
    return take(deps, email, By(by, by))


def needs_approval(deps: Deps, email: str) -> bool:
    """Whether it matters that this email is approved."""
    return asks_for_approval(deps, normal_email(email))
