"""What holds of every route there is, whoever adds one: the routes are read from the map of the application."""

from __future__ import annotations

import secrets
from collections import Counter
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from panzoto.deps import Deps
from panzoto.models.spec import TABLES
from panzoto.web.application import Application
from tests.security.routes import NOBODYS, Route, bodies, routes
from tests.support.people import Somebody
from tests.support.tables import name_of

# What the application says of a person and nobody says of themselves.
PRIVILEGES: dict[str, Any] = {
    "roles": ["admin"],
    "role": "admin",
    "is_admin": True,
    "admin": True,
    "user_id": "someone-else",
    "sub": "x",
    "email_verified": True,
    "email_verified_at": 1,
    "session_epoch": 0,
    "password_hash": "x",
    "key_salt": "00",
    "disabled_at": None,
    "created_at": 1,
    "owner": "someone-else",
    "approved": True,
    "amr": "otp",
    "__proto__": {},
}
# What anybody may keep for a while: public keys, files of the pages, which app opens our links.
CACHED = frozenset(
    {"/.well-known/jwks.json", "/.well-known/assetlinks.json", "/api/docs/<path:name>", "/static/<path:filename>"}
)
# What ends the session that the next request would come with.
ENDING = frozenset({"/api/v1/auth/logout", "/api/v1/auth/logout-all"})
# Guards of their own, which a sign-in does not open.
OTHER_GUARDS = frozenset({"/metrics"})
# Pages, which know people by the cookie of their browser.
CONSOLE = "/admin"


def ask(http: FlaskClient, route: Route, address: str, headers: dict[str, str] | None = None) -> TestResponse:
    """One request, with an empty object for a body where there may be one."""
    body: dict[str, Any] | None = None if route.method == "GET" else {}
    return http.open(address, method=route.method, json=body, headers=headers)


def heard(answer: TestResponse) -> tuple[int, str | None]:
    """What an error says, without what is another each time."""
    said = answer.get_json(silent=True)
    return answer.status_code, said.get("code") if isinstance(said, dict) else None


def refused(route: Route, answer: TestResponse) -> bool:
    """Whether nobody gets in: 401, or what the guard of that route says; the console leads to its sign-in."""
    if route.rule in OTHER_GUARDS:
        return answer.status_code == 403
    if route.rule.startswith(CONSOLE) and answer.status_code == 303:
        return answer.headers["Location"].startswith("/admin/sign-in")
    return answer.status_code in ({401, 403} if route.rule.startswith(CONSOLE) else {401})


def everything(deps: Deps) -> Counter[bytes]:
    """Every item of every table but the counters of limits."""
    client, found = deps.clients.dynamodb(), Counter[bytes]()
    for spec in TABLES:
        pages = client.get_paginator("scan").paginate(TableName=name_of(deps.config, spec), ConsistentRead=True)
        items = [item for page in pages for item in page["Items"]]
        kept = [item for item in items if not item.get("PK", {}).get("S", "").startswith("RATE#")]
        found.update(orjson.dumps(item, option=orjson.OPT_SORT_KEYS, default=bytes.hex) for item in kept)
    return found


def of(deps: Deps, who: Somebody) -> Counter[bytes]:
    """Every item that names somebody, or what is theirs."""
    names = [each.encode() for name, each in who.ids.items() if name not in {"provider", "job_id"}]
    return Counter({item: count for item, count in everything(deps).items() if any(each in item for each in names)})


def test_there_are_routes(app: Application) -> None:
    """The tests below look at something: guarded routes, and such with ids of somebody's data."""
    found = list(routes(app))
    assert sum(not each.is_public for each in found) > 30
    assert sum(bool(each.variables - NOBODYS) for each in found) > 12


def test_nobody_gets_in_without_a_sign_in(app: Application, http: FlaskClient, ann: Somebody) -> None:
    """Without a token, and with what is none, every guarded route is refused before it does anything (ASVS 8.2.1)."""
    tokens = ["", "Bearer ", "Bearer null", "Bearer e30.e30.", f"Basic {ann.token}", f"Bearer {ann.refresh_token}"]
    for route in routes(app):
        if not route.is_public:
            for token in tokens:
                answer = ask(http, route, route.at(ann.ids), {"Authorization": token, "X-Forwarded-For": "192.0.2.1"})
                assert refused(route, answer), (route, token)


def test_an_ended_session_gets_nothing(app: Application, http: FlaskClient, deps: Deps, ann: Somebody) -> None:
    """An access token of a session that was ended gets 401 everywhere, whatever else is wrong too (ASVS 7.4.1).

    Where a route reads while the session is looked up, neither what it read nor what it found wanting is told; nothing
    is written, and nothing is asked of S3.
    """
    assert http.post("/api/v1/auth/logout", headers=ann.headers).status_code == 200
    before, asked = everything(deps), list[str]()
    events = deps.bucket._client.meta.events, deps.objects._client.meta.events
    for each in events:
        each.register("before-send.s3", lambda event_name, **_: asked.append(event_name), unique_id="asked")
    for route in routes(app):
        if not route.is_public and route.rule not in OTHER_GUARDS:
            for ids, query in ((ann.ids, ""), ({}, ""), (ann.ids, "?limit=none&cursor=none")):
                answer = ask(http, route, route.at({"upload_id": "none", **ids}) + query, ann.headers)
                assert refused(route, answer), (route, query, answer.status_code)
    for each in events:
        each.unregister("before-send.s3", unique_id="asked")
    assert (asked, everything(deps) - before, before - everything(deps)) == ([], Counter(), Counter())


def test_only_staff_reaches_the_routes_of_admins(app: Application, http: FlaskClient, eve: Somebody) -> None:
    """Whoever has no role hears 403 on every route of admins, whatever they send (ASVS 8.2.1)."""
    for route in routes(app):
        if route.rule.startswith("/api/v1/admin/"):
            assert ask(http, route, route.at(eve.ids), eve.headers).status_code == 403, route


def test_only_staff_reaches_the_console(app: Application, http: FlaskClient, eve: Somebody) -> None:
    """Whoever is signed in in a browser and has no role sees no page of the console, and does nothing (ASVS 8.2.1)."""
    http.set_cookie("panzoto_session", eve.refresh_token)
    for route in routes(app):
        if route.rule.startswith(CONSOLE) and not route.is_public:
            answer = http.open(route.at(eve.ids), method=route.method)
            assert answer.status_code == 403 or refused(route, answer), route


def test_nobody_reaches_what_is_somebody_elses(
    app: Application, http: FlaskClient, deps: Deps, ann: Somebody, eve: Somebody
) -> None:
    """With another person's ids every route answers as if there were nothing, and changes nothing (ASVS 8.2.2)."""
    nothing = {name: str(secrets.token_hex(16)) for name in ann.ids} | {"provider": "acme"}
    before = of(deps, ann)
    assert before
    for route in routes(app):
        if route.variables - NOBODYS and not route.is_public:
            stolen = heard(ask(http, route, route.at(ann.ids), eve.headers))
            assert stolen == heard(ask(http, route, route.at(nothing), eve.headers)), route
            assert stolen[0] in {400, 403, 404} or route.rule.startswith(CONSOLE), route
    assert of(deps, ann) == before


def test_its_owner_reaches_it(app: Application, http: FlaskClient, ann: Somebody) -> None:
    """The same requests find something when its owner sends them: the test above would see a hole."""
    gets = [each for each in routes(app) if each.method == "GET" and each.variables == {"file_id"}]
    found = {each.rule for each in gets if ask(http, each, each.at(ann.ids), ann.headers).status_code == 200}
    assert {"/api/v1/audio-files/<file_id>", "/api/v1/audio-files/uploads/<file_id>"} <= found


def test_nobody_names_somebody_elses_file_in_a_body(http: FlaskClient, ann: Somebody, eve: Somebody) -> None:
    """Another person's ids and keys in a body are refused like in an address (ASVS 8.2.2)."""
    nothing = secrets.token_hex(16)
    for name, there in (("file_id", ann.ids["file_id"]), ("s3_key", ann.ids["s3_key"])):
        stolen = http.post("/api/decrypt-audio", json={name: there}, headers=eve.headers)
        unknown = http.post("/api/decrypt-audio", json={name: nothing}, headers=eve.headers)
        assert heard(stolen) == heard(unknown)
        assert stolen.status_code == 404
    for path in ("/api/v1/audio-files", "/api/audio-file"):
        answer = http.post(path, json={"s3_key": ann.ids["s3_key"], "file_size": 6}, headers=eve.headers)
        assert answer.status_code == 403


def test_no_body_takes_a_privilege(
    app: Application, http: FlaskClient, deps: Deps, eve: Somebody, admin: Somebody
) -> None:
    """A field that a body does not declare is refused by name, wherever a body is read (ASVS 8.2.3, 15.3.3)."""
    before = deps.users.find(eve.ids["user_id"])
    found = bodies(app)
    assert len(found) > 25
    for (method, path), schema in found.items():
        assert schema["additionalProperties"] is False, path
        extra = {name: value for name, value in PRIVILEGES.items() if name not in schema["properties"]}
        given = {name: (each.get("examples") or ["x"])[0] for name, each in schema["properties"].items()}
        of_role = admin if path.startswith("/api/v1/admin/") else eve
        answer = http.open(
            path.format_map({**eve.ids, "role": "admin"}),
            method=method,
            json={**given, **extra},
            headers=of_role.headers,
        )
        assert answer.status_code == 400, path
        assert "is not known here" in orjson.dumps(answer.get_json()).decode(), path
    assert deps.users.find(eve.ids["user_id"]) == before


def test_answers_are_for_their_caller_alone(app: Application, http: FlaskClient, ann: Somebody) -> None:
    """Whatever a route answers, nothing on the way may keep it, unless it is the same for all (ASVS 14.3.2)."""
    for route in routes(app):
        for headers in (None, None if route.rule in ENDING or route.method == "DELETE" else ann.headers):
            answer = ask(http, route, route.at(ann.ids), headers)
            assert route.rule in CACHED or answer.headers["Cache-Control"] == "no-store", route


def test_every_answer_says_what_it_is(app: Application, http: FlaskClient, ann: Somebody) -> None:
    """An answer with a body has the type that it is, which no browser guesses another for (ASVS 4.1.1)."""
    for route in routes(app):
        answer = ask(http, route, route.at(ann.ids))
        assert answer.headers["X-Content-Type-Options"] == "nosniff", route
        if answer.get_data():
            said = answer.headers["Content-Type"]
            assert said == "application/json" or said.endswith("; charset=utf-8"), route
            assert (said == "application/json") == (answer.get_data()[:1] in {b"{", b"["}), route


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PUT", "PROPFIND", "DEBUG"])
def test_methods_that_nobody_declared(app: Application, http: FlaskClient, ann: Somebody, method: str) -> None:
    """No route answers to a method that it does not declare, nor lets one be put in place of another (ASVS 4.1.4)."""
    declared = app.url_map.bind("localhost")
    for route in routes(app):
        address = route.at(ann.ids)
        if not declared.test(address, method):
            answer = http.open(address, method=method, headers=ann.headers)
            assert answer.status_code == 405, route


def test_a_header_changes_no_method(http: FlaskClient, deps: Deps, ann: Somebody) -> None:
    """No header and no argument makes another method of a request: a GET deletes nobody (ASVS 4.1.4)."""
    for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        http.get("/api/v1/auth/me?_method=DELETE", headers={**ann.headers, name: "DELETE"})
        http.post("/api/v1/auth/me?_method=DELETE", json={}, headers={**ann.headers, name: "DELETE"})
    found = deps.users.find(ann.ids["user_id"])
    assert found is not None
    assert found.may_sign_in
