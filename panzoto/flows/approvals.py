"""Somebody who runs the service says which emails may have an account."""

from __future__ import annotations

from datetime import datetime

from panzoto.deps import Deps
from panzoto.errors import InvalidRequest
from panzoto.models.approved_emails import Approval
from panzoto.models.audit_events import AuditEvent

from ._addresses import normal_email
from ._sessions import clear_sessions


def approve(
    deps: Deps, email: str, by: str, *, expires_at: datetime | None = None, metadata: dict[str, str] | None = None
) -> Approval:
    """Approve an email, or change what its approval says.

    Commit point: the approval's item. Where it ends sooner than before, the sessions end, and begin again with the new
    end; a crash before that is mended by the same command.
    """
    now = deps.clock()
    email = normal_email(email)
    if expires_at is not None and expires_at <= now:
        raise InvalidRequest(f"The approval of {email} would end before it begins.")
    before = deps.approved_emails.find(email)
    given = dict(metadata or {})
    approval = Approval(email=email, approved_by=by, approved_at=now, expires_at=expires_at, metadata=given)
    deps.approved_emails.approve(approval)
    if before is None or not approval.outlasts(before):
        _end_sessions(deps, email, now)
    _record(deps, "approval_given", by, email, now, before, approval)
    return approval


def end_approval(deps: Deps, email: str, by: str) -> Approval | None:
    """Take an approval away, and end the sessions that it allowed; what it was. Commit point as in `approve`."""
    now = deps.clock()
    email = normal_email(email)
    before = deps.approved_emails.end(email)
    _end_sessions(deps, email, now)
    if before is not None:
        _record(deps, "approval_ended", by, email, now, before, None)
    return before


def _end_sessions(deps: Deps, email: str, now: datetime) -> None:
    """End the sessions of whoever has the email, where it is approval that lets people in."""
    if not deps.config.needs_approval or email.rpartition("@")[2] in deps.config.internal_email_domains:
        return
    claim = deps.emails.find(email)
    user = deps.users.find(claim["user_id"]) if claim else None
    if user is not None:
        deps.users.raise_epoch(user, now)
        clear_sessions(deps, user, now)


def _record(
    deps: Deps, action: str, by: str, email: str, now: datetime, before: Approval | None, after: Approval | None
) -> None:
    details = {"before": _shown(before), "after": _shown(after)}
    deps.audit.record(
        AuditEvent(
            subject=f"email:{email}", action=action, actor=by, at=now, address="", user_agent="", details=details
        )
    )


def _shown(approval: Approval | None) -> dict[str, object] | None:
    """What an audit event says of an approval."""
    if approval is None:
        return None
    ends = approval.expires_at.isoformat() if approval.expires_at else None
    return {"approved_by": approval.approved_by, "expires_at": ends, **approval.metadata}
