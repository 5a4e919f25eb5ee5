"""What administrators do to accounts. Nobody sets a password for somebody else, and nobody reads what is theirs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from panzoto.deps import Deps
from panzoto.errors import Conflict, NotFound, SessionEnded
from panzoto.flows._reset_link import send_link
from panzoto.flows._sessions import clear_ended, clear_sessions, end_one
from panzoto.models.store.expressions import Attr
from panzoto.models.store.transaction import Member, transact
from panzoto.models.times import seconds
from panzoto.models.user import ADMIN, ROLES, User
from panzoto.models.user_conditions import epoch_is, roles_are

from ._find import person
from ._record import recording, standing
from .staff import Admin, Staff

UNPROVED = "Nobody has proved that the email of this account is its owner's. They sign in by a link to it first."


def disable(deps: Deps, admin: Admin, user_id: str) -> User:
    """Let somebody in no more, and end their sessions; the very next request is refused.

    Commit point: one transaction of the person and, for an administrator, of the list that knows the last. A crash
    after it leaves sessions in the index whose tokens do not work.
    """
    now, user = deps.clock(), person(deps, user_id)
    if user.disabled_at is not None:
        return user
    leaving = [deps.admins.removing(user_id)] if ADMIN in user.roles else []
    after = _change(deps, admin, user, "disabled", now, {"disabled_at": seconds(now), **_ended(user, now)}, *leaving)
    clear_sessions(deps, user_id, after.epoch)
    return after


def enable(deps: Deps, admin: Admin, user_id: str) -> User:
    """Let somebody in again. Commit point as in `disable`."""
    now, user = deps.clock(), person(deps, user_id)
    if user.disabled_at is None:
        return user
    coming = [deps.admins.adding(user_id)] if ADMIN in user.roles else []
    return _change(deps, admin, user, "enabled", now, {"disabled_at": None}, *coming)


def grant_role(deps: Deps, admin: Admin, user_id: str, role: str) -> User:
    """Give somebody a role. Commit point as in `disable`; it works from the next request on.

    An administrator of before there was the list that knows the last is put on it. An account whose email nobody has
    proved gets none: it may be that of a stranger, who has registered with the email of whoever was to get the role.
    """
    now, user = deps.clock(), person(deps, user_id)
    _check_role(role)
    listed = role == ADMIN and user.disabled_at is None
    if role in user.roles and not (listed and not deps.admins.has(user_id)):
        return user
    if role not in user.roles and user.email is not None and user.email_verified_at is None:
        raise Conflict(UNPROVED)
    coming = [deps.admins.adding(user_id)] if listed else []
    return _change(deps, admin, user, "role_granted", now, {"roles": user.roles | {role}}, *coming)


def revoke_role(deps: Deps, admin: Admin, user_id: str, role: str) -> User:
    """Take a role away, and end the sessions, whose tokens name it. Commit point as in `disable`."""
    now, user = deps.clock(), person(deps, user_id)
    _check_role(role)
    if role not in user.roles:
        return user
    leaving = [deps.admins.removing(user_id)] if role == ADMIN and user.disabled_at is None else []
    changes = {"roles": (user.roles - {role}) or None, **_ended(user, now)}
    after = _change(deps, admin, user, "role_revoked", now, changes, *leaving)
    clear_sessions(deps, user_id, after.epoch)
    return after


def revoke_session(deps: Deps, staff: Staff, user_id: str, session_id: str) -> None:
    """End one session of somebody's. Commit point as in `logout`."""
    now, user = deps.clock(), person(deps, user_id)
    lineage = deps.lineages.find(session_id)
    if lineage is None or lineage.user_id != user_id:
        raise NotFound("There is no such session.")
    before = {"session": session_id, "signed_in_at": lineage.created_at.isoformat()}
    recorded = recording(deps, staff, user_id, "session_ended", now, before=before, after=None)
    end_one(deps, user, session_id, lineage.created_at, now, recorded)


def revoke_all_sessions(deps: Deps, staff: Staff, user_id: str) -> int:
    """End every session of somebody's; how many were known. Commit point: the epoch, which ends all tokens at once."""
    now, user = deps.clock(), person(deps, user_id)
    before, after = {"sessions": len(deps.sessions.of(user_id))}, {"sessions": 0}
    recorded = recording(deps, staff, user_id, "signed_out_everywhere", now, before=before, after=after)
    transact(deps.gateway, deps.users.raising_epoch(user, now), recorded)
    return clear_ended(deps, user)


def send_reset(deps: Deps, admin: Admin, user_id: str) -> str:
    """Send somebody the link by which they set a new password themselves; the address that it went to."""
    now, user = deps.clock(), person(deps, user_id)
    if user.email is None or user.disabled_at is not None:
        raise Conflict("This account has no email that a link could go to, or is disabled.")
    recorded = recording(deps, admin, user_id, "reset_sent", now, before=None, after={"email": user.email})
    send_link(deps, user, user.email, admin.client, now, recorded)
    return user.email


def _change(
    deps: Deps, admin: Admin, user: User, action: str, now: datetime, changes: dict[str, Any], *others: Member
) -> User:
    """Change a person who is still as they were read, together with what else must be so; the person then."""
    after = user.with_changes(changes)
    recorded = recording(deps, admin, user.user_id, action, now, before=standing(user), after=standing(after))
    as_read = epoch_is(user) & roles_are(user) & Attr("deleting_at").not_exists()
    same = as_read & (Attr("disabled_at").exists() if user.disabled_at else Attr("disabled_at").not_exists())
    changing = deps.users.changing(user, now, changes, when=same, otherwise=Conflict)
    transact(deps.gateway, *_still_admin(deps, admin, user), *others, changing, recorded)
    return after


def _still_admin(deps: Deps, admin: Admin, user: User) -> list[Member]:
    """That nobody has ended the administrator's sessions meanwhile, as whoever takes the role away does.

    Or one whose role is taken gives it back by a request that is under way, and so for ever. Operators have no session.
    """
    if admin.person is None:
        return []
    if admin.actor != user.user_id:
        return [deps.users.checking({"user_id": admin.actor}, when=epoch_is(admin.person), otherwise=SessionEnded)]
    if admin.person.epoch != user.epoch:  # that it stays so is a condition of what they change of themselves
        raise SessionEnded
    return []


def _ended(user: User, now: datetime) -> dict[str, Any]:
    return {"session_epoch": user.epoch + 1, "sessions_ended_at": seconds(now)}


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise NotFound(f"There is no such role. There are {' and '.join(ROLES)}.")
