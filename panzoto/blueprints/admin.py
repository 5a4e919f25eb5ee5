"""For administrators and supporters: people, their sessions and flows, what happened, and figures."""

from __future__ import annotations

from dataclasses import asdict

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint

from panzoto.errors import InvalidRequest
from panzoto.flows.admin import acts, audit, oauth_flows, overview, people
from panzoto.flows.approvals_csv import moment
from panzoto.web.answers import done
from panzoto.web.guards import admin as acting
from panzoto.web.guards import by_admin, by_staff, staff
from panzoto.web.requests import deps
from panzoto.web.shapes import admin as shapes
from panzoto.web.shapes import admin_answers as answers
from panzoto.web.shapes.auth import Done

from .admin_approvals import REFUSED, TAG, approval

admin = APIBlueprint("admin", __name__, url_prefix="/api/v1/admin", abp_tags=[TAG])


@admin.get("/figures", summary="How much happens", responses={200: answers.FiguresShape, **REFUSED})
@by_staff
def get_figures(query: shapes.Days) -> Response:
    """Sign-ins, failures, messages, storage and request units by day. Each process tells a few seconds late."""
    found = overview.overview(deps(), staff(), query.days)
    days = [{**asdict(each), "dollars": each.dollars} for each in found.days]
    return jsonify({**asdict(found), "days": days, "dollars": found.dollars})


@admin.get("/users", summary="Find a person", responses={200: answers.PersonShape, **REFUSED})
@by_staff
def get_users(query: shapes.Person) -> Response:
    """The person with that id, email or phone number."""
    return jsonify(user=people.shown(people.find_person(deps(), staff(), query.q)))


@admin.get("/users/<user_id>", summary="One person", responses={200: answers.DetailShape, **REFUSED})
@by_staff
def get_user(path: shapes.UserPath) -> Response:
    """How somebody signs in, where they are signed in, and what happened to them lately."""
    found = people.person_detail(deps(), staff(), path.user_id)
    return jsonify(
        user=found.shown,
        ways_in=found.ways_in,
        sessions=found.sessions,
        connections=found.connections,
        activity=found.activity,
        links=found.links,
        approval=approval(found.approval) if found.approval else None,
    )


@admin.post("/users/<user_id>/disable", summary="Shut somebody out", responses={200: answers.PersonShape, **REFUSED})
@by_admin
def post_disable(path: shapes.UserPath) -> Response:
    """End the sessions of somebody, and begin none; the next request is refused."""
    return jsonify(user=people.shown(acts.disable(deps(), acting(), path.user_id)))


@admin.post("/users/<user_id>/enable", summary="Let somebody in again", responses={200: answers.PersonShape, **REFUSED})
@by_admin
def post_enable(path: shapes.UserPath) -> Response:
    """Let somebody sign in again."""
    return jsonify(user=people.shown(acts.enable(deps(), acting(), path.user_id)))


@admin.post("/users/<user_id>/reset", summary="Send a reset", responses={200: answers.SentShape, **REFUSED})
@by_admin
def post_reset(path: shapes.UserPath) -> Response:
    """Send somebody the link by which they set a new password themselves."""
    return jsonify(sent_to=acts.send_reset(deps(), acting(), path.user_id))


@admin.put("/users/<user_id>/roles/<role>", summary="Give a role", responses={200: answers.PersonShape, **REFUSED})
@by_admin
def put_role(path: shapes.RolePath) -> Response:
    """Make somebody an `admin` or a `support`."""
    return jsonify(user=people.shown(acts.grant_role(deps(), acting(), path.user_id, path.role)))


@admin.delete("/users/<user_id>/roles/<role>", summary="Take a role", responses={200: answers.PersonShape, **REFUSED})
@by_admin
def delete_role(path: shapes.RolePath) -> Response:
    """Take a role away; the last administrator stays one."""
    return jsonify(user=people.shown(acts.revoke_role(deps(), acting(), path.user_id, path.role)))


@admin.delete("/users/<user_id>/sessions", summary="End all sessions", responses={200: answers.EndedShape, **REFUSED})
@by_staff
def delete_sessions(path: shapes.UserPath) -> Response:
    """Sign somebody out everywhere, at once."""
    return jsonify(ended=acts.revoke_all_sessions(deps(), staff(), path.user_id))


@admin.delete("/users/<user_id>/sessions/<session_id>", summary="End a session", responses={200: Done, **REFUSED})
@by_staff
def delete_session(path: shapes.SessionPath) -> tuple[Response, int]:
    """Sign somebody out on one device, at once."""
    acts.revoke_session(deps(), staff(), path.user_id, path.session_id)
    return done("signed_out")


@admin.get("/users/<user_id>/oauth-flows", summary="OAuth flows", responses={200: answers.FlowList, **REFUSED})
@by_staff
def get_flows(path: shapes.UserPath) -> Response:
    """Somebody's newest OAuth flows."""
    return jsonify(flows=oauth_flows.flows_of(deps(), staff(), path.user_id))


@admin.get("/oauth-flows/<flow_id>", summary="One OAuth flow", responses={200: answers.FlowShape, **REFUSED})
@by_staff
def get_flow(path: shapes.FlowPath) -> Response:
    """An OAuth flow, step by step."""
    return jsonify(oauth_flows.flow(deps(), staff(), path.flow_id))


@admin.get("/audit", summary="What happened", responses={200: answers.EventList, **REFUSED})
@by_staff
def get_audit(query: shapes.AuditQuery) -> Response:
    """Events, newest first: to a subject, by an actor, of an action, between two times."""
    since = moment(query.since, "since") if query.since else None
    until = moment(query.until, "until") if query.until else None
    if since and until and since > until:
        raise InvalidRequest("since is after until.")
    asked = audit.Asked(query.subject, query.actor, query.action, since, until)
    found = audit.audit(deps(), staff(), asked, limit=query.limit, cursor=query.cursor)
    return jsonify(events=found.items, cursor=found.cursor, back_to=found.back_to)
