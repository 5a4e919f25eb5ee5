"""How an approval is given and taken away, whoever does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from panzoto.deps import Deps
from panzoto.errors import Conflict, InvalidRequest, SessionEnded
from panzoto.models.approved_emails import Approval, Crossed, from_item, to_item
from panzoto.models.audit_events import AuditEvent
from panzoto.models.store.transaction import Member, transact
from panzoto.models.user import User

from ._addresses import normal_email
from ._policy import asks_for_approval
from ._sessions import clear_sessions

LONGEST_TEXT = 1000
CHANGED = "Somebody else has changed this approval meanwhile. Look at it again."

# Raises for an approval that there is, or for none, where something else must be there.
Check = Callable[[Approval | None], None]


@dataclass(frozen=True)
class By:
    """Who approves: the name that the approval keeps, and the actor that the audit event has."""

    name: str
    actor: str
    address: str = ""
    user_agent: str = ""


@dataclass(frozen=True)
class Wanted:
    """What an approval shall say."""

    email: str
    expires_at: datetime | None = None
    metadata: dict[str, str] | None = None


def give(deps: Deps, wanted: Wanted, by: By, check: Check) -> Approval:
    """Give an approval, or change what it says, if `check` does not refuse it for what there is.

    Commit point: one transaction of the approval and the event. Where it ends sooner than before, or sooner than a
    session, the sessions end, and begin again with the new end; a crash before that is mended by doing the same again.
    """
    now = deps.clock().replace(microsecond=0)  # as items keep it
    email = normal_email(wanted.email)
    given = dict(wanted.metadata or {})
    _check_lengths({"approved_by": by.name, **given})
    ends = wanted.expires_at.replace(microsecond=0) if wanted.expires_at else None
    if ends is not None and ends <= now:
        raise InvalidRequest(f"The approval of {email} would end before it begins.")
    approval = Approval(email=email, approved_by=by.name, approved_at=now, expires_at=ends, metadata=given)
    before = _twice(lambda: _replace(deps, approval, by, check))
    user = _signed_in_by(deps, email)
    if user and _outlive(deps, user, before, approval):
        _end_sessions(deps, user, now)
    return from_item(to_item(approval))


def take(deps: Deps, email: str, by: By) -> Approval | None:
    """Take an approval away, and end the sessions that it allowed; what it was.

    Commit point: one transaction of its item and the event. A crash after it is mended by doing the same again.
    """
    now = deps.clock()
    email = normal_email(email)
    before = _twice(lambda: _end(deps, email, by, now))
    if user := _signed_in_by(deps, email):
        _end_sessions(deps, user, now)
    return before


def anything(_: Approval | None) -> None:
    """What checks nothing: whatever there is, is replaced."""


def _replace(deps: Deps, approval: Approval, by: By, check: Check) -> Approval | None:
    """Keep an approval; what there was."""
    item = deps.approved_emails.get({"email": approval.email})
    before = from_item(item) if item else None
    check(before)
    recorded = _recording(deps, "approval_given", by, approval.email, approval.approved_at, before, approval)
    transact(deps.gateway, deps.approved_emails.replacing(item, approval), recorded)
    return before


def _end(deps: Deps, email: str, by: By, now: datetime) -> Approval | None:
    """Delete an approval, if there is one; what it was."""
    item = deps.approved_emails.get({"email": email})
    if item is None:
        return None
    before = from_item(item)
    recorded = _recording(deps, "approval_ended", by, email, now, before, None)
    transact(deps.gateway, deps.approved_emails.ending(item), recorded)
    return before


def _twice(act: Callable[[], Approval | None]) -> Approval | None:
    """Do what somebody may cross; whoever did is seen the second time."""
    try:
        return act()
    except Crossed:
        try:
            return act()
        except Crossed:
            raise Conflict(CHANGED) from None


def _check_lengths(texts: dict[str, str]) -> None:
    """Refuse what no list could show, and in the end no item could hold."""
    for name, text in texts.items():
        if len(text) > LONGEST_TEXT:
            raise InvalidRequest(f"What {name} says must be at most {LONGEST_TEXT} characters long.")


def _signed_in_by(deps: Deps, email: str) -> User | None:
    """Whoever has the email, where it is approval that lets them in."""
    if not asks_for_approval(deps, email):
        return None
    claim = deps.emails.find(email)
    return deps.users.find(claim["user_id"]) if claim else None


def _outlive(deps: Deps, user: User, before: Approval | None, after: Approval) -> bool:
    """Whether sessions would go on when the approval has ended: those there are, or one that is just beginning."""
    ends = after.expires_at
    if ends is None:
        return False
    shortened = before is not None and not after.outlasts(before)
    return shortened or any(each.expires_at > ends for each in deps.sessions.of(user.user_id))


def _end_sessions(deps: Deps, user: User, now: datetime) -> None:
    try:
        ended = deps.users.raise_epoch(user, now)
    except SessionEnded:  # somebody who has been deleted meanwhile has none
        return
    clear_sessions(deps, user.user_id, ended.epoch)


def _recording(
    deps: Deps, action: str, by: By, email: str, now: datetime, before: Approval | None, after: Approval | None
) -> Member:
    details = {"before": _shown(before), "after": _shown(after)}
    return deps.audit.recording(
        AuditEvent(
            subject=f"email:{email}",
            action=action,
            actor=by.actor,
            at=now,
            address=by.address,
            user_agent=by.user_agent,
            details=details,
        )
    )


def _shown(approval: Approval | None) -> dict[str, object] | None:
    """What an audit event says of an approval."""
    if approval is None:
        return None
    ends = approval.expires_at.isoformat() if approval.expires_at else None
    return {"approved_by": approval.approved_by, "expires_at": ends, **approval.metadata}
