"""Who may sign in at all, whatever the way in: a session can only be started for somebody who was admitted here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from panzoto.deps import Deps
from panzoto.errors import AccessDenied, NotApproved
from panzoto.models.user import User


@dataclass(frozen=True)
class Admitted:
    """Somebody who may sign in now, and the end of it where their approval has one."""

    user: User
    until: datetime | None = None

    def as_now(self, user: User) -> Admitted:
        """The same admission of the person as they are after a change."""
        return replace(self, user=user)


def asks_for_approval(deps: Deps, email: str) -> bool:
    """Whether somebody with that email needs an approval to sign in here."""
    return deps.config.needs_approval and email.rpartition("@")[2] not in deps.config.internal_email_domains


def admit(deps: Deps, user: User, now: datetime) -> Admitted:
    """Let a person in who is neither disabled nor, where that is asked for, without approval.

    The person was read before this reads the approval: whoever ends an approval ends the sessions after it, so that a
    sign-in that crosses it is either refused here or ended there.
    """
    if not user.may_sign_in:
        raise AccessDenied("This account may not sign in.")
    if not deps.config.needs_approval:
        return Admitted(user)
    if user.email is None:
        raise NotApproved("This service asks for an approved email, and this account has none.")
    if user.email_verified_at is None:
        raise NotApproved("This service asks for a verified email. Sign in by a link to yours, or reset the password.")
    return Admitted(user, approved_until(deps, user.email, now))


def check_email(deps: Deps, email: str, now: datetime) -> None:
    """Raise `NotApproved` for an email with which nobody could sign in."""
    approved_until(deps, email, now)


def approved_until(deps: Deps, email: str, now: datetime) -> datetime | None:
    """When the approval of an email ends; None if it does not."""
    if not asks_for_approval(deps, email):
        return None
    approval = deps.approved_emails.find(email)
    if approval is None or not approval.holds(now):
        raise NotApproved
    return approval.expires_at
