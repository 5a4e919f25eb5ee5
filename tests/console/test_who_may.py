"""Who may see and do what in the console, for every route of it: taken from the URL map, so that none is forgotten."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

import limits
from panzoto import create_app
from panzoto.web import guards
from panzoto.web.guards import is_public
from tests.admin.conftest import Office, new_email, opened
from tests.support import border
from tests.support.numbers import new_phone

PASSWORD = "SecurePassword123!"
# What is for administrators alone; supporters look, and end sessions.
FOR_ADMINS = {
    ("GET", "/admin/approvals/new"),
    ("POST", "/admin/approvals/new"),
    ("GET", "/admin/approvals/import"),
    ("POST", "/admin/approvals/import"),
    ("POST", "/admin/approvals/<email:email>"),
    ("GET", "/admin/approvals/<email:email>/end"),
    ("POST", "/admin/approvals/<email:email>/end"),
    ("GET", "/admin/people/<user_id>/<act>"),
    ("POST", "/admin/people/<user_id>/<act>"),
}
ASKS = re.compile(r'name="form_token" value="([0-9a-f]{64})"')


@pytest.fixture(scope="module")
def office(ministack: str) -> Iterator[Office]:
    """The service."""
    office = opened(ministack)
    yield office
    office.deps.later.finish()


def browser(office: Office) -> FlaskClient:
    """A browser without cookies."""
    return create_app(office.deps.config, office.deps).test_client()


def token_of(page: TestResponse) -> str:
    """The token in a page's form."""
    found = ASKS.search(page.text)
    assert found, page.text
    return found[1]


def sends(http: FlaskClient, path: str, **fields: str) -> TestResponse:
    """Send a form that a page of the console has."""
    token = token_of(http.get("/admin/sign-in"))
    return http.post(path, data={"form_token": token, **fields})


def signed_in(office: Office, me: dict[str, Any], where: str = "/admin") -> FlaskClient:
    """A browser in which somebody has signed in on the way to a page."""
    http = browser(office)
    answer = sends(http, "/admin/sign-in", email=me["email"], password=PASSWORD, next=where)
    assert (answer.status_code, answer.headers["Location"]) == (303, where)
    return http


def test_no_other_origin_reads_a_page(office: Office) -> None:
    """One that may call the API with cookies gets none to read, though it is of the same site and the cookie comes."""
    origin = "https://app.example.com"
    config = replace(office.deps.config, cors_origins=(origin,), cors_credentials=True)
    http = signed_in(replace(office, deps=replace(office.deps, config=config)), office.someone("admin"))
    for page in ("/admin", "/admin/audit", "/admin/people?asked=nobody", "/signed-in"):
        answer = http.get(page, headers={"Origin": origin})
        assert answer.mimetype == "text/html"
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control")], page
    answer = http.get("/api/health", headers={"Origin": origin})
    assert answer.headers["Access-Control-Allow-Origin"] == origin


def routes(office: Office, *, public: bool = False) -> list[tuple[str, str]]:
    """Every method and address of the console behind a guard, or before it."""
    app = office.http.application
    return [
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        if rule.rule == "/admin" or rule.rule.startswith("/admin/")
        if is_public(guards.guard_of(app, rule.endpoint)) is public
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def answers(office: Office, http: FlaskClient, fields: dict[str, str]) -> dict[tuple[str, str], TestResponse]:
    """How every guarded route answers a browser."""
    return {
        (method, path): http.open(path.replace("<", "x").replace(">", "x"), method=method, data=fields or None)
        for method, path in routes(office)
    }


def test_nobody_sees_anything(office: Office) -> None:
    """Without a session every page leads to the sign-in, and from there back to itself."""
    assert len(routes(office)) == 20
    for (_, path), answer in answers(office, browser(office), {}).items():
        to = urlsplit(answer.headers["Location"])
        assert (answer.status_code, to.path) == (303, "/admin/sign-in")
        assert parse_qs(to.query)["next"] == [path.replace("<", "x").replace(">", "x")]


def test_users_are_refused(office: Office) -> None:
    """Somebody without a role is told so, on every page, and can sign out there."""
    http = signed_in(office, office.someone())
    found = answers(office, http, {"form_token": token_of(http.get("/admin"))})
    assert {each.status_code for each in found.values()} == {403}
    assert all("Sign out, and sign in as somebody else" in each.text for each in found.values())


def test_supporters_look_and_end_sessions(office: Office) -> None:
    """They are refused the rest, and see no button for it."""
    http = signed_in(office, office.someone("support"))
    found = answers(office, http, {"form_token": token_of(http.get("/admin"))})
    assert {route for route, answer in found.items() if answer.status_code == 403} == FOR_ADMINS
    somebody = office.register()
    page = http.get(f"/admin/people/{somebody['user_id']}").text
    assert re.findall(r'class="(button[^"]*danger[^"]*)"', page) == ["button danger small"]
    assert "/sessions/" in page
    assert "/disable" not in page


def test_a_form_needs_the_token_of_its_session(office: Office) -> None:
    """None, that of before the sign-in, and somebody else's are refused by every route that changes something."""
    me = office.someone("admin")
    http, other = signed_in(office, me), signed_in(office, office.someone("admin"))
    foreign = (None, token_of(browser(office).get("/admin/sign-in")), token_of(other.get("/admin")), "ä")
    unsafe = [path for method, path in routes(office) + routes(office, public=True) if method == "POST"]
    assert len(unsafe) == 13
    for path in unsafe:
        for token in foreign:
            answer = http.post(path, data={"form_token": token} if token else {})
            assert (answer.status_code, "not of your present session" in answer.text) == (403, True), path
    assert browser(office).post("/admin/sign-in", data={"email": me["email"]}).status_code == 403


def test_what_people_say_of_themselves_is_text(office: Office) -> None:
    """Neither their name nor their program's is markup in the page of whoever looks (ASVS 1.2.1, 1.3.7)."""
    written = "{{7*191}}<img src=x onerror=alert(1)>"
    said = {"headers": {"User-Agent": written}, "environ_base": {"REMOTE_ADDR": "192.0.2.7"}}
    body = {"email": new_email(), "password": PASSWORD, "name": written}
    somebody = office.http.post("/api/v1/auth/register", json=body, **said)
    assert somebody.status_code == 201, somebody.get_json()
    http = signed_in(office, office.someone("admin"))
    page = http.get(f"/admin/people/{somebody.get_json()['user_id']}").text
    assert page.count("{{7*191}}&lt;img src=x onerror=alert(1)&gt;") >= 2, page
    assert "<img src=x" not in page
    assert "1337" not in page


def test_too_many_codes_say_when_to_go_on(ministack: str) -> None:
    """Whoever guesses at codes too often hears on the page when it may be tried again, as at every other limit."""
    office = opened(ministack, rate_limits=limits.changed("code.guesses=1/1h"))
    http, fields = browser(office), {"phone": new_phone(), "code": "000000"}
    assert sends(http, "/admin/sign-in/code/check", **fields).status_code == 401
    answer = sends(http, "/admin/sign-in/code/check", **fields)
    assert (answer.status_code, 0 < int(answer.headers["Retry-After"]) <= 3600) == (429, True)
    assert 'role="alert"' in answer.text


FORMS = {
    "people": ("GET", "/admin/people?asked=nobody@example.com", {}),
    "approval": ("POST", "/admin/approvals/new", {"email": "somebody@example.com"}),
    "import": ("POST", "/admin/approvals/import", {"text": "email\nsomebody@example.com\n"}),
}


@pytest.mark.parametrize(("method", "path", "fields"), FORMS.values(), ids=FORMS)
def test_a_page_that_shows_its_form_again_says_when(
    office: Office, method: str, path: str, fields: dict[str, str]
) -> None:
    """Where DynamoDB does not answer, each page that keeps what was typed says when to send it again."""
    http = signed_in(office, office.someone("admin"))
    token = token_of(http.get("/admin"))
    store = border.at(office.deps.gateway._client)
    assert http.get("/admin/approvals/new").status_code == 200
    before = len(store.requests)
    store.expect(*[border.through] * before, then=border.refuses("ServiceUnavailable", 503))
    answer = http.open(path, method=method, data={"form_token": token, **fields} if fields else None)
    store.expect()
    assert (answer.status_code, int(answer.headers["Retry-After"]) > 0) == (503, True)
    assert 'role="alert"' in answer.text


def test_forms_of_other_sites_are_refused(office: Office) -> None:
    """Though they knew the token."""
    http = signed_in(office, office.someone("admin"))
    fields = {"form_token": token_of(http.get("/admin"))}
    answer = http.post("/admin/sign-out", data=fields, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert http.get("/admin").status_code == 200


def test_an_old_sign_in_leads_back(office: Office) -> None:
    """Past ADMIN_MAX_AGE every page asks for the sign-in again, and goes on where somebody was."""
    me = office.someone("admin")
    http = signed_in(office, me)
    office.clock.pass_by(hours=4, seconds=1)
    fields = {"form_token": token_of(http.get("/admin/sign-in"))}
    for answer in answers(office, http, fields).values():
        assert (answer.status_code, "why=old" in answer.headers["Location"]) == (303, True)
    asked = http.get("/admin/audit?action=disabled", follow_redirects=True)
    assert "must be more recent" in asked.text
    again = sends(http, "/admin/sign-in", email=me["email"], password=PASSWORD, next="/admin/audit?action=disabled")
    assert again.headers["Location"] == "/admin/audit?action=disabled"
    assert http.get(again.headers["Location"]).status_code == 200


@pytest.mark.parametrize(
    "where",
    [
        "//evil.example",
        "https://evil.example/admin",
        "/admin\\@evil",
        "/admin.evil",
        "//[",
        "/admin/\n",
        "/admin/sign-in/here",
    ],
)
def test_the_way_back_leads_nowhere_else(office: Office, where: str) -> None:
    """An address that is none of the console's pages leads to its first page."""
    me = office.someone("admin")
    answer = sends(browser(office), "/admin/sign-in", email=me["email"], password=PASSWORD, next=where)
    assert answer.headers["Location"] == "/admin"


def test_a_wrong_password_is_said_on_the_page(office: Office) -> None:
    """With the status of the API, the email as it was typed, and no cookie of a session."""
    me = office.someone("admin")
    http = browser(office)
    answer = sends(http, "/admin/sign-in", email=me["email"], password="wrong" * 3)
    assert answer.status_code == 401
    assert f'value="{me["email"]}"' in answer.text
    assert http.get_cookie("panzoto_console") is None


def test_in_by_a_link(office: Office) -> None:
    """The link signs the browser in; the console goes on as that person."""
    me = office.someone("admin")
    http = browser(office)
    assert "is on its way" in sends(http, "/admin/sign-in/link", email=me["email"]).text
    http.post(f"/m/{office.link(me['email'], 'm')}")
    assert 'href="/admin"' in http.get("/signed-in").text
    assert f"Go on as {me['email']}" in http.get("/admin/sign-in").text
    assert sends(http, "/admin/sign-in/here", next="/admin/people").headers["Location"] == "/admin/people"
    assert http.get("/admin/people").status_code == 200


def test_in_by_a_code(office: Office) -> None:
    """A wrong code is said; the right one signs in whoever has the phone, and shows a new recovery key."""
    http, phone = browser(office), new_phone()
    assert sends(http, "/admin/sign-in/code", phone="12").status_code in {400, 422}
    assert "Type the code" in sends(http, "/admin/sign-in/code", phone=phone).text
    assert sends(http, "/admin/sign-in/code/check", phone=phone, code="000").status_code in {400, 401}
    code = re.findall(r"\b\d{6}\b", office.mails(phone)[0]["text"])[0]
    answer = sends(http, "/admin/sign-in/code/check", phone=phone, code=code)
    assert answer.status_code == 200, answer.text
    assert "shown this once" in answer.text
    assert http.get("/admin").status_code == 403


def test_the_cookie_is_kept_from_scripts_and_other_sites(office: Office) -> None:
    """After the way out it is gone, and what it held is worth nothing."""
    http = signed_in(office, office.someone("admin"))
    cookie = http.get_cookie("panzoto_console")
    assert cookie is not None
    assert (cookie.http_only, cookie.same_site, cookie.path) == (True, "Lax", "/")
    policy = http.get("/admin").headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert sends(http, "/admin/sign-out").headers["Location"] == "/admin/sign-in"
    assert http.get_cookie("panzoto_console") is None
    http.set_cookie("panzoto_console", cookie.value)
    assert http.get("/admin").status_code == 303


def test_another_sign_in_ends_the_session_of_before(office: Office) -> None:
    """Whoever has kept the cookie that this browser had before comes in by it no more."""
    me = office.someone("admin")
    http = signed_in(office, me)
    before = http.get_cookie("panzoto_console")
    assert before is not None
    answer = sends(http, "/admin/sign-in", email=me["email"], password=PASSWORD)
    assert (answer.status_code, http.get("/admin").status_code) == (303, 200)
    office.deps.later.finish()
    http.set_cookie("panzoto_console", before.value)
    assert http.get("/admin").status_code == 303


def test_under_https_the_host_prefix(ministack: str) -> None:
    """Browsers refuse the cookie from anything but this very host."""
    office = opened(ministack, public_url="https://panzoto.example")
    answer = office.http.get("/admin/sign-in", base_url="https://panzoto.example")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-panzoto_console_form=")
    assert "Secure" in cookie


@pytest.mark.parametrize("said", ["x" * 3000, "ü" * 1500, "%00", "%ed%a0%80"])
def test_an_audit_of_what_cannot_be(office: Office, said: str) -> None:
    """Whatever is typed into the search is answered by a page or a refusal, never by a fault of ours."""
    http = signed_in(office, office.someone("support"))
    for name in ("subject", "actor", "action"):
        assert http.get(f"/admin/audit?{name}={said}").status_code in {200, 400}, name
