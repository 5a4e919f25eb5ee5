"""The console's pages of people, and what is done to their accounts; each act is asked for before it is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from flask import Response, make_response, redirect, request, url_for

from panzoto.deps import Deps
from panzoto.errors import NotFound, PanzotoError
from panzoto.flows.admin import acts
from panzoto.flows.admin.oauth_flows import flows_of
from panzoto.flows.admin.people import find_person, person_detail, person_of
from panzoto.flows.admin.staff import Admin
from panzoto.models.user import ADMIN, SUPPORT
from panzoto.web.console import admin_here, page, pages, staff_here
from panzoto.web.errors import refusal
from panzoto.web.guards import admin, staff
from panzoto.web.requests import deps

console_people = pages("console_people")


@dataclass(frozen=True)
class Act:
    """Something that administrators do to an account, and how they are asked for it."""

    title: str
    text: str
    button: str
    does: Callable[[Deps, Admin, str], object]


GRANTED = "It works from their next request on."
REVOKED = "Their sessions end, and they sign in again without it."
ACTS = {
    "disable": Act(
        "Disable this account?", "All its sessions end at once, and nobody signs in to it.", "Disable it", acts.disable
    ),
    "enable": Act("Enable this account?", "Its owner can sign in again.", "Enable it", acts.enable),
    "reset": Act(
        "Send a link for a new password?",
        "It goes to the email of the account. Whoever opens it chooses the password; you never see it.",
        "Send the link",
        acts.send_reset,
    ),
    "make-admin": Act(
        "Make this person an administrator?",
        GRANTED,
        "Make an administrator",
        partial(acts.grant_role, role=ADMIN),
    ),
    "make-support": Act(
        "Make this person a supporter?", GRANTED, "Make a supporter", partial(acts.grant_role, role=SUPPORT)
    ),
    "end-admin": Act(
        "Take the role of administrator away?", REVOKED, "Take it away", partial(acts.revoke_role, role=ADMIN)
    ),
    "end-support": Act(
        "Take the role of supporter away?", REVOKED, "Take it away", partial(acts.revoke_role, role=SUPPORT)
    ),
}


@console_people.get("/admin/people")
@staff_here
def get_people() -> Response:
    """Find somebody by email, phone number or id."""
    asked = request.args.get("asked", "").strip()
    if not asked:
        return page("people.html", asked="")
    try:
        return _to(find_person(deps(), staff(), asked).user_id)
    except PanzotoError as refused:
        return refusal(refused, page("people.html", asked=asked, problem=str(refused)))


@console_people.get("/admin/people/<user_id>")
@staff_here
def get_person(user_id: str) -> Response:
    """One person, and what is theirs."""
    seen = person_detail(deps(), staff(), user_id)
    flows = flows_of(deps(), staff(), seen.user.user_id)
    return page("person.html", seen=seen, flows=flows, roles=(ADMIN, SUPPORT), now=deps().clock())


@console_people.get("/admin/people/<user_id>/sessions/end")
@staff_here
def get_end_all(user_id: str) -> Response:
    """Ask whether all sessions shall end."""
    return _ask(user_id, "End all sessions?", "They sign in again on every device.", "End all sessions")


@console_people.post("/admin/people/<user_id>/sessions/end")
@staff_here
def post_end_all(user_id: str) -> Response:
    """End every session of somebody's."""
    acts.revoke_all_sessions(deps(), staff(), user_id)
    return _to(user_id, "sessions")


@console_people.get("/admin/people/<user_id>/sessions/<session_id>/end")
@staff_here
def get_end_one(user_id: str, session_id: str) -> Response:  # noqa: ARG001 (the form goes to the same address)
    """Ask whether a session shall end."""
    return _ask(user_id, "End this session?", "Its very next request is refused.", "End the session")


@console_people.post("/admin/people/<user_id>/sessions/<session_id>/end")
@staff_here
def post_end_one(user_id: str, session_id: str) -> Response:
    """End one session."""
    acts.revoke_session(deps(), staff(), user_id, session_id)
    return _to(user_id, "session")


@console_people.get("/admin/people/<user_id>/<act>")
@admin_here
def get_act(user_id: str, act: str) -> Response:
    """Ask whether it shall be done."""
    asked = _known(act)
    return _ask(user_id, asked.title, asked.text, asked.button)


@console_people.post("/admin/people/<user_id>/<act>")
@admin_here
def post_act(user_id: str, act: str) -> Response:
    """Do it."""
    _known(act).does(deps(), admin(), user_id)
    return _to(user_id, act)


def _known(act: str) -> Act:
    if act not in ACTS:
        raise NotFound
    return ACTS[act]


def _ask(user_id: str, title: str, text: str, button: str) -> Response:
    """A page that asks; it works without a script."""
    user = person_of(deps(), staff(), user_id)
    about = user.email or user.phone or user.user_id
    way_back = url_for("console_people.get_person", user_id=user_id)
    return page("confirm.html", title=title, about=about, text=text, button=button, way_back=way_back)


def _to(user_id: str, done: str | None = None) -> Response:
    return make_response(redirect(url_for("console_people.get_person", user_id=user_id, done=done), 303))
