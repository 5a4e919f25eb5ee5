"""`flask users`: look at somebody, let them in no more, end their sessions, give and take roles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
from flask import current_app

from panzoto.deps import Deps
from panzoto.flows.admin import acts
from panzoto.flows.admin.people import find_person, person_detail
from panzoto.flows.admin.staff import Admin, operator
from panzoto.models.user import ROLES, User

from .speaking import as_json, sentences, tell, whoever
from .users import users

__all__ = ["users"]

WHO = click.argument("who", metavar="EMAIL|PHONE|ID")
ROLE = click.argument("role", type=click.Choice(ROLES))
Act = Callable[[Deps, Admin, User], str]


@users.command("show")
@WHO
@as_json
def show(who: str, *, as_json: bool) -> None:
    """Who somebody is and how they sign in."""
    deps, staff = _at_work()
    with sentences():
        found = person_detail(deps, staff, find_person(deps, staff, who).user_id)
    about = {
        **found.shown,
        "ways_in": found.ways_in,
        "sessions": len(found.sessions),
        "connected": [each.provider for each in found.connections if each.connected],
        "approved": bool(found.approval and found.approval.holds(deps.clock())),
    }
    rows = [about] if as_json else [{"": name.replace("_", " "), " ": value} for name, value in about.items()]
    tell(rows, as_json=as_json, nothing="")


@users.command("sessions")
@WHO
@as_json
def sessions(who: str, *, as_json: bool) -> None:
    """Where somebody is signed in."""
    deps, staff = _at_work()
    with sentences():
        found = person_detail(deps, staff, find_person(deps, staff, who).user_id)
    rows = [
        {
            "session_id": each.session_id,
            "by": each.signed_in_by,
            "since": each.created_at.isoformat(),
            "last_used": each.last_used_at.isoformat(),
            "address": each.address,
            "user_agent": each.user_agent,
        }
        for each in found.sessions
    ]
    tell(rows, as_json=as_json, nothing="Signed in nowhere.")


@users.command("disable")
@WHO
def disable(who: str) -> None:
    """Let somebody in no more, from the next request on, and end their sessions."""
    _act(who, lambda deps, admin, user: f"{_name(acts.disable(deps, admin, user.user_id))} is disabled.")


@users.command("enable")
@WHO
def enable(who: str) -> None:
    """Let somebody in again."""
    _act(who, lambda deps, admin, user: f"{_name(acts.enable(deps, admin, user.user_id))} may sign in again.")


@users.command("sign-out")
@WHO
@click.option("--session", help="Only this one; all, if not given.")
def sign_out(who: str, session: str | None) -> None:
    """End the sessions of somebody, or one of them."""

    def act(deps: Deps, admin: Admin, user: User) -> str:
        if session is None:
            ended = acts.revoke_all_sessions(deps, admin, user.user_id)
            count, are = ("1 session", "is") if ended == 1 else (f"{ended} sessions", "are")
            return f"{count} of {_name(user)} {are} ended."
        acts.revoke_session(deps, admin, user.user_id, session)
        return f"The session {session} of {_name(user)} is ended."

    _act(who, act)


@users.command("reset")
@WHO
def reset(who: str) -> None:
    """Send somebody the link by which they set a new password themselves."""
    _act(who, lambda deps, admin, user: f"A link is on its way to {acts.send_reset(deps, admin, user.user_id)}.")


@users.command("grant")
@WHO
@ROLE
def grant(who: str, role: str) -> None:
    """Give somebody a role: admin, or support, which looks and ends sessions."""
    _act(who, lambda deps, admin, user: _roles(acts.grant_role(deps, admin, user.user_id, role)))


@users.command("revoke")
@WHO
@ROLE
def revoke(who: str, role: str) -> None:
    """Take a role away; the last administrator stays one."""
    _act(who, lambda deps, admin, user: _roles(acts.revoke_role(deps, admin, user.user_id, role)))


def _at_work() -> tuple[Deps, Admin]:
    deps: Deps = current_app.extensions["panzoto"]
    return deps, operator(whoever())


def _act(who: str, act: Act) -> None:
    deps, admin = _at_work()
    with sentences():
        sentence = act(deps, admin, find_person(deps, admin, who))
    click.echo(sentence)


def _name(user: User) -> str:
    return user.email or user.user_id


def _roles(user: User) -> Any:
    return f"{_name(user)} is {' and '.join(sorted(user.roles)) or 'without a role'} now."
