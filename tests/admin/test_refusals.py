"""Who may ask what, for every route below `/api/v1/admin`: taken from the URL map, so that none can be forgotten."""

from __future__ import annotations

from typing import Any

from panzoto.web import guards

from .conftest import API, Office

# What supporters may do: look, and end sessions.
FOR_SUPPORT = {
    ("GET", "/figures"),
    ("GET", "/approvals"),
    ("GET", "/approvals/<email:email>"),
    ("GET", "/users"),
    ("GET", "/users/<user_id>"),
    ("DELETE", "/users/<user_id>/sessions"),
    ("DELETE", "/users/<user_id>/sessions/<session_id>"),
    ("GET", "/users/<user_id>/oauth-flows"),
    ("GET", "/oauth-flows/<flow_id>"),
    ("GET", "/audit"),
}


def routes(office: Office) -> list[tuple[str, str]]:
    """Every method and address of the API."""
    return [
        (method, rule.rule.removeprefix(API))
        for rule in office.http.application.url_map.iter_rules()
        if rule.rule.startswith(API)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def refusal(office: Office, route: tuple[str, str], me: dict[str, Any] | None) -> tuple[int, str] | None:
    """How a route refuses somebody; None when it does not, whatever else it says of what is asked."""
    method, path = route
    answer = office.ask(method, path.replace("<", "x").replace(">", "x"), me, {})
    code = answer.get_json().get("code", "")
    return (answer.status_code, code) if answer.status_code in {401, 403} else None


def every(office: Office, me: dict[str, Any] | None) -> set[tuple[int, str] | None]:
    """How all routes answer somebody."""
    return {refusal(office, route, me) for route in routes(office)}


def test_every_route_asks_for_a_role(office: Office) -> None:
    """No token, a made-up one, and that of a user like any other."""
    assert len(routes(office)) == 19
    assert every(office, None) == {(401, "sign_in_needed")}
    assert every(office, {"token": "made up"}) == {(401, "token_invalid")}
    assert every(office, office.someone()) == {(403, "access_denied")}


def test_supporters_look_and_end_sessions(office: Office, support: dict[str, Any]) -> None:
    """And are refused everything else: what they may do is written down here."""
    allowed = {route for route in routes(office) if refusal(office, route, support) is None}
    assert allowed == FOR_SUPPORT
    denied = {refusal(office, route, support) for route in routes(office) if route not in FOR_SUPPORT}
    assert denied == {(403, "access_denied")}


def test_administrators_pass_everywhere(office: Office, admin: dict[str, Any]) -> None:
    """What they ask for may be missing or wrong; they are not refused."""
    assert every(office, admin) == {None}


def test_an_old_sign_in_is_refused(office: Office, admin: dict[str, Any], support: dict[str, Any]) -> None:
    """A refreshed token is as old as the sign-in that it goes back to."""
    office.clock.pass_by(hours=4, seconds=1)
    for me in (admin, support):
        fresh = office.post("/refresh", {"refresh_token": me["refresh_token"]}).get_json()
        wanted = {(403, "recent_sign_in_needed")} | ({(403, "access_denied")} if me is support else set())
        assert every(office, fresh) == wanted
        assert every(office, office.login(me)) == ({None} if me is admin else {None, (403, "access_denied")})


def test_a_role_that_is_taken_away_ends_at_once(office: Office, admin: dict[str, Any]) -> None:
    """The next request is refused, though the token says that it was an administrator's."""
    other = office.someone("admin")
    assert office.ask("DELETE", f"/users/{other['user_id']}/roles/admin", admin).status_code == 200
    assert every(office, other) == {(401, "session_ended")}
    assert every(office, office.login(other)) == {(403, "access_denied")}


def test_the_guards_are_the_ones_of_the_roles(office: Office) -> None:
    """No route of the API lets everybody pass."""
    app = office.http.application
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith(API)]
    assert not [rule.rule for rule in rules if guards.is_public(guards.guard_of(app, rule.endpoint))]
