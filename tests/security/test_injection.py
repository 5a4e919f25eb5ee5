"""Text that would be more than text: to HTTP, to a log, to a store, to a page, to a mail, to a file system."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from structlog.testing import capture_logs
from werkzeug.datastructures import Headers

from panzoto import create_app
from panzoto.deps import Deps
from panzoto.local.outbox import Outbox
from panzoto.web.application import Application
from tests.accounts.conftest import PASSWORD
from tests.security.routes import NOBODYS, bodies, routes
from tests.support.people import FILES, Somebody, begun_upload

AUTH = "/api/v1/auth"
SPLIT = "x%0d%0aSet-Cookie:%20panzoto_session=evil%0d%0a%0d%0a<script>"
MARK = "panzoto-was-here"
# Ways out of a folder, as each of several programs would read them.
WAYS_OUT = [
    *("../other/secret.3gp", "users/../../secret.3gp", "./x.3gp", "/etc/passwd", "users//x.3gp", "..\\..\\x.3gp"),
    *("users/%2e%2e/x.3gp", "users/%252e%252e/x.3gp", "users/..%2fx.3gp", "users/x\n.3gp", "decrypted/x/y.3gp"),
    *("users/\u202ex.3gp", "users/x.3gp/", "users/\uff0e\uff0e/x.3gp"),
]
OPERATORS: list[Any] = [
    {"S": "x"},
    {"$gt": ""},
    {"$ne": None},
    ["x"],
    [{"S": "x"}],
    {"attribute_exists": "PK"},
    True,
    7,
]

NAMES = ["../../x.3gp", "..\\x.3gp", "/etc/passwd", "a\r\nb.3gp", "a\u202eb.3gp", ".."]
AGENTS = [f"{MARK}\u2028{{}}", f"{MARK}\x1b[2J", f'{MARK}"}}\\n{{"event":"signed_in']


@pytest.mark.parametrize("headers", [{}, {"Accept": "text/html"}], ids=["program", "browser"])
def test_no_text_becomes_a_header(app: Application, http: FlaskClient, ann: Somebody, headers: dict[str, str]) -> None:
    """A line's end in any part of any address splits no answer, and no page repeats what it was given (ASVS 4.2)."""
    for route in routes(app):
        if route.variables:
            split = dict.fromkeys(route.variables, SPLIT) | {"upload_id": SPLIT}
            answer = http.open(route.at(split), method=route.method, headers={**headers, **ann.headers})
            assert not [name for name, value in answer.headers if "evil" in value and name != "Location"], route
            assert not set(answer.headers.get("Location", "")) & set("\r\n<>"), route
            assert b"<script>" not in answer.get_data().replace(b'<script src="', b""), route


def test_no_argument_becomes_a_header(http: FlaskClient) -> None:
    """What a flow is begun and ended with does not come back in a header unless it is on a list (ASVS 1.3.11)."""
    for address in (
        f"/api/v1/oauth/acme/authorize?redirect_to={SPLIT}&code_challenge={'c' * 43}",
        f"/api/v1/oauth/acme/authorize?redirect_to=https://evil.example&code_challenge={'c' * 43}",
        f"/api/v1/oauth/acme/authorize?redirect_to=panzoto://oauth.evil.example&code_challenge={'c' * 43}",
        f"/api/v1/oauth/acme/callback?state={SPLIT}&error={SPLIT}&iss={SPLIT}",
    ):
        answer = http.get(address)
        assert answer.status_code == 400
        assert "Location" not in answer.headers
        assert "evil" not in str(answer.headers)


@pytest.mark.parametrize("name", ["Host", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Prefix", "Forwarded"])
def test_a_host_that_is_invented_is_in_no_answer(http: FlaskClient, deps: Deps, ann: Somebody, name: str) -> None:
    """No address in an answer or a mail is of the host that a client names (ASVS 4.1.3)."""
    headers = Headers([(name, "evil.example" if name != "Forwarded" else "host=evil.example;proto=https")])
    asked = http.post(f"{AUTH}/password/forgot", json={"email": ann.ids["email"]}, headers=headers)
    assert asked.status_code == 202
    begun = http.get(f"{FILES}/uploads/{ann.ids['upload_id']}", headers=Headers([*headers, *ann.headers.items()]))
    assert "evil.example" not in begun.get_data(as_text=True)
    deps.later.finish()
    assert deps.outbox is not None
    assert "evil.example" not in json.dumps(deps.outbox.messages(), default=str)


@pytest.mark.parametrize("agent", AGENTS, ids=ascii)
def test_no_text_becomes_a_line_of_the_log(http: FlaskClient, deps: Deps, ann: Somebody, agent: str) -> None:
    """What a client says of itself makes no line of its own, and no control signs are kept (ASVS 16.4.1)."""
    wire = agent.encode().decode("latin-1")
    with capture_logs() as lines:
        answer = http.post(
            f"{AUTH}/login", json={"email": ann.ids["email"], "password": agent}, headers={"User-Agent": wire}
        )
    assert answer.status_code == 401
    assert sum(line["event"] == "request" for line in lines) == 1
    assert not [line for line in lines if MARK in str(line)]
    body = {"email": f"agent.{secrets.token_hex(6)}@example.com", "password": PASSWORD}
    begun = http.post(f"{AUTH}/register", json=body, headers={"User-Agent": wire}).get_json()
    its = {"Authorization": f"Bearer {begun['token']}"}
    (session,) = http.get(f"{AUTH}/sessions", headers=its).get_json()["sessions"]
    assert session["user_agent"]
    assert session["user_agent"].isprintable()


def test_text_is_asked_for_and_nothing_else_is_taken(app: Application, http: FlaskClient, admin: Somebody) -> None:
    """An object, a list or a number where text belongs is refused: no operator gets on (ASVS 1.2.4, 2.2.1)."""
    for (method, path), schema in bodies(app).items():
        for name, each in schema["properties"].items():
            if "string" in json.dumps(each):
                for operator in OPERATORS:
                    body = dict.fromkeys(schema.get("required", []), "x") | {name: operator}
                    answer = http.open(path.format_map(admin.ids), method=method, json=body, headers=admin.headers)
                    assert answer.status_code == 400, (path, name, operator)


@pytest.mark.parametrize("key", WAYS_OUT, ids=ascii)
def test_no_key_is_a_way_out(http: FlaskClient, ann: Somebody, key: str) -> None:
    """A key that leads out of a folder, in any spelling, is recorded, read and decrypted for nobody (ASVS 5.3.2)."""
    for path in (FILES, "/api/audio-file"):
        answer = http.post(path, json={"s3_key": key, "file_size": 6}, headers=ann.headers)
        assert answer.status_code in {400, 403, 409, 201}, path
        assert answer.status_code != 201 or path == "/api/audio-file"
        if answer.status_code == 201:  # the old address believes; what it believes gives no way to an object
            file_id = answer.get_json()["audio_file"]["file_id"]
            assert http.get(f"{FILES}/{file_id}/download", headers=ann.headers).status_code in {403, 404, 409}
    decrypted = http.post("/api/decrypt-audio", json={"s3_key": key}, headers=ann.headers)
    assert decrypted.status_code in {400, 403, 404, 409}


@pytest.mark.parametrize("filename", NAMES, ids=ascii)
def test_no_filename_is_a_way_out(http: FlaskClient, ann: Somebody, filename: str) -> None:
    """A name with a folder, a line's end or signs that mislead is refused (ASVS 5.3.2, 5.4.1)."""
    body = {"filename": filename, "content_type": "audio/3gpp", "file_size": 6}
    assert http.post(f"{FILES}/uploads", json=body, headers=ann.headers).status_code == 400


def test_a_key_is_made_of_nothing_that_was_sent(http: FlaskClient, ann: Somebody) -> None:
    """The key of an upload names its owner and a number of ours, whatever the file is called (ASVS 5.3.2)."""
    begun = begun_upload(http, ann)
    assert begun["s3_key"] == f"users/{ann.ids['user_id']}/{begun['file_id']}.3gp"


@pytest.mark.parametrize("path", ["../wsgi.py", "..%2fwsgi.py", "%2e%2e/wsgi.py", "....//wsgi.py", "page.css%00.py"])
def test_no_page_file_is_a_way_out(http: FlaskClient, path: str) -> None:
    """The files of the pages are those of one folder (ASVS 5.3.2)."""
    for folder in ("/static/", "/api/docs/"):
        assert http.get(f"{folder}{path}").status_code in {400, 404}


TEMPLATES = [
    "{{7*191}}",
    "{% for x in ().__class__.__base__.__subclasses__() %}{% endfor %}",
    "<img src=x onerror=alert(1)>",
]


@pytest.mark.parametrize("name", TEMPLATES, ids=["expression", "statement", "html"])
def test_no_mail_repeats_what_a_stranger_wrote(http: FlaskClient, deps: Deps, ann: Somebody, name: str) -> None:
    """Neither a name nor a program's name goes out in a mail, as it is or evaluated (ASVS 1.3.7, 1.2.1)."""
    assert http.patch(f"{AUTH}/me", json={"name": name}, headers=ann.headers).status_code == 200
    stranger = {"User-Agent": f"{name} curl/8"}
    http.post(f"{AUTH}/password/forgot", json={"email": ann.ids["email"]}, headers=stranger)
    change = {"current_password": PASSWORD, "new_password": f"{PASSWORD} and more"}
    assert http.post(f"{AUTH}/password/change", json=change, headers={**ann.headers, **stranger}).status_code == 200
    deps.later.finish()
    outbox: Outbox | None = deps.outbox
    assert outbox is not None
    mails = [each for each in outbox.messages() if each["to"] == ann.ids["email"]]
    assert {"curl" in each["text"] for each in mails} == {True, False}  # one of them tells by which program
    for mail in mails:
        for words in (mail["text"], mail["html"] or ""):
            assert name not in words
            assert "onerror" not in words
            assert "1337" not in words


def test_pages_show_no_template(app: Application, http: FlaskClient) -> None:
    """What stands in an address is evaluated by no page (ASVS 1.3.7)."""
    for route in routes(app):
        if route.variables & NOBODYS and route.is_public:
            for method in ("GET", "POST"):
                answer = http.open(route.at(dict.fromkeys(route.variables, "{{7*191}}")), method=method)
                assert b"1337" not in answer.get_data(), route


def test_another_site_sends_no_form(deps: Deps, ann: Somebody) -> None:
    """A form of another site, with the browser's cookie or without, signs nobody in and nobody out (ASVS 3.5.1)."""
    browser = create_app(deps.config, deps).test_client()
    browser.set_cookie("panzoto_session", ann.refresh_token)
    other: dict[str, str] = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    for path in ("/signed-out", f"/m/tok_{'a' * 22}.{'b' * 22}"):
        answer = browser.post(path, headers=other)
        assert answer.status_code == 403
    assert browser.get("/signed-in").status_code == 200


def test_a_cookie_signs_no_call_of_the_api(app: Application, http: FlaskClient, ann: Somebody) -> None:
    """The cookie of a browser opens no route of the API: a page of another site cannot use it (ASVS 3.5.1)."""
    http.set_cookie("panzoto_session", ann.refresh_token)
    ask: Callable[..., Any] = http.open
    for route in routes(app):
        if not route.is_public and route.rule.startswith("/api/"):
            assert ask(route.at(ann.ids), method=route.method, json={}).status_code == 401, route
