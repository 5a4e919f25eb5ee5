"""The page of a link and the session of a browser, as browsers, scanners and other sites meet them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from structlog.testing import capture_logs

from panzoto import create_app
from panzoto.errors import SessionEnded, TokenInvalid
from panzoto.flows import browser_session
from panzoto.flows.approvals import approve, end_approval
from panzoto.web.browser import SESSION
from tests.support import border
from tests.support.numbers import new_phone
from tests.support.phones import HERE

from .conftest import (
    PATIENT,
    Service,
    browser,
    change,
    everything,
    is_good,
    linked,
    new_email,
    signs_in,
    user_of,
    verify,
    works,
)

SCANNERS = 50


def text(response: Any) -> str:
    """The words of a page."""
    shown: str = response.get_data(as_text=True)
    return shown


def signed_in(service: Service, http: FlaskClient, email: str | None = None) -> str:
    """Sign in by a link in that browser; the cookie that it keeps then."""
    done = http.post(f"/m/{linked(service, email or new_email())}")
    assert done.status_code in {200, 303}
    cookie = http.get_cookie(SESSION.name)
    assert cookie is not None
    return cookie.value


# ── to look at it changes nothing ───────────────────────────────────────────────────────────────────────────────────
def test_looking_writes_nothing_and_reads_nothing(service: Service) -> None:
    """However often a link is fetched, by whatever method that only looks, no table changes; then its button works."""
    token = linked(service, new_email())
    before = everything(service)
    with capture_logs() as logs:
        for _ in range(SCANNERS):
            for method in ("GET", "HEAD", "OPTIONS"):
                assert service.http.open(f"/m/{token}", method=method).status_code == 200
        for method in ("PUT", "DELETE", "PATCH", "TRACE"):
            assert service.http.open(f"/m/{token}", method=method).status_code == 405
    assert everything(service) == before
    assert {line["trips"] for line in logs if line["event"] == "request"} == {0}
    assert service.http.post(f"/m/{token}").status_code in {200, 303}


def test_every_page_looks_the_same_from_outside(service: Service) -> None:
    """A link that is good, used, or was never sent is shown alike, code and all: looking tells nothing of it."""
    good, used = linked(service, new_email()), linked(service, new_email())
    signs_in(service, used)
    invented = "tok_" + "a" * 22 + "." + "b" * 22
    shown = {
        re.sub(r"[0-9]{4}&nbsp;[0-9]{4}", "", text(service.http.get(f"/m/{each}"))) for each in (good, used, invented)
    }
    assert len(shown) == 1


@pytest.mark.parametrize(
    "text_of_link", ["x", "tok_x.y", "<script>alert(1)</script>", "%00", "a" * 3000, "..%2f..", "%F0%9F"]
)
def test_what_is_no_link_is_shown_without_it(service: Service, text_of_link: str) -> None:
    """Nothing of an address that is no link is repeated, and it offers neither app nor code."""
    page = service.http.get(f"/m/{text_of_link}")
    assert page.status_code == 404
    assert "alert(1)" not in text(page)
    assert "open_app" not in text(page)
    assert 'class="code"' not in text(page)
    assert "<button" not in text(page)
    assert service.http.post(f"/m/{text_of_link}").status_code in {400, 404}


# ── headers ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_pages_keep_to_themselves(service_for: Callable[..., Service]) -> None:
    """Nothing is cached, passed on, framed or loaded from elsewhere, and no script or style stands in the page."""
    service = service_for(**PATIENT, app_scheme="panzoto")
    token = linked(service, new_email())
    pages = [
        service.http.get(f"/m/{token}"),
        service.http.post(f"/m/{token}"),
        service.http.post(f"/m/{token}"),
        service.http.get("/signed-in"),
        service.http.post("/signed-out"),
    ]
    for page in pages:
        policy = page.headers["Content-Security-Policy"]
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["Referrer-Policy"] == "strict-origin"
        assert page.headers["X-Frame-Options"] == "DENY"
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        assert "unsafe" not in policy
        assert "default-src 'none'; script-src 'self'" in policy
        assert "form-action 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        for script in re.findall(r"<script.*?</script>", text(page), re.DOTALL):
            assert re.fullmatch('<script src="/static/(link|once).js" defer></script>', script)
        assert not re.search(r"\son[a-z]+=|\sstyle=|<style|javascript:|https?://", text(page))
        assert 'name="robots" content="noindex"' in text(page)
    assert "open_app" in text(pages[0])


def test_nothing_of_a_link_is_logged(service: Service) -> None:
    """Neither id nor secret, code, email, cookie or session stand in any line, whatever happens to the link."""
    email = new_email()
    http = browser(service)
    with capture_logs() as logs:
        token = linked(service, email)
        for method in ("GET", "HEAD", "POST", "POST"):
            http.open(f"/m/{token}?token={token}", method=method)
        verify(service, token)
        http.get("/signed-in")
        cookie = http.get_cookie(SESSION.name)
        http.post("/signed-out")
        service.deps.later.finish()
    said = json.dumps(logs, default=str)
    code = service.deps.codes.of_link(token)
    assert cookie is not None
    for secret in (*token.split("."), code, email, cookie.value, cookie.value.split(".")[1]):
        assert secret not in said


# ── the session of a browser ────────────────────────────────────────────────────────────────────────────────────────
def test_the_button_signs_in(service: Service) -> None:
    """Somebody we know is led to a page that says who is signed in; nothing of a token stands in any page."""
    email = new_email()
    signs_in(service, linked(service, email))
    http = browser(service)
    assert http.get("/signed-in").status_code == 401
    done = http.post(f"/m/{linked(service, email)}")
    assert (done.status_code, done.headers["Location"]) == (303, "/signed-in")
    page = http.get("/signed-in")
    assert page.status_code == 200
    assert email in text(page)
    cookie = http.get_cookie(SESSION.name)
    assert cookie is not None
    assert cookie.value not in text(page) + text(done)
    left = http.post("/signed-out")
    assert (left.status_code, http.get_cookie(SESSION.name)) == (200, None)
    assert http.get("/signed-in").status_code == 401


def test_somebody_new_sees_the_recovery_key(service: Service) -> None:
    """The first sign-in in a browser shows the key, which is shown nowhere again, and signs in all the same."""
    email, http = new_email(), browser(service)
    page = http.post(f"/m/{linked(service, email)}")
    assert page.status_code == 200
    (shown,) = re.findall(r'<pre class="key">(.+?)</pre>', text(page))
    assert len(shown) > 20
    assert email in text(page)
    assert email in text(http.get("/signed-in"))
    assert "<pre" not in text(http.get("/signed-in"))
    assert http.post(f"/m/{linked(service, email)}").status_code == 303


@pytest.mark.parametrize("public", ["http://127.0.0.1:5000", "https://links.example.com"])
def test_the_cookie(service_for: Callable[..., Service], public: str) -> None:
    """Out of reach of scripts and other sites, of this host alone, and under https of nothing else."""
    service = service_for(public_url=public, **PATIENT)
    done = service.http.post(f"/m/{linked(service, new_email())}", base_url=public)
    (cookie,) = done.headers.getlist("Set-Cookie")
    name, *flags = (part.strip() for part in cookie.split(";"))
    safe = public.startswith("https")
    assert name.startswith("__Host-panzoto_session=" if safe else "panzoto_session=")
    assert set(flags) == {"HttpOnly", "Path=/", "SameSite=Lax"} | ({"Secure"} if safe else set())
    forgotten = service.http.post("/signed-out", base_url=public)
    (cookie,) = forgotten.headers.getlist("Set-Cookie")
    assert "Expires=Thu, 01 Jan 1970" in cookie
    assert ("Secure" in cookie) == safe


def test_a_session_of_a_browser_ends_as_any_other(service: Service) -> None:
    """By signing out everywhere or of it alone, when the account may not sign in, and by its time."""
    email = new_email()
    for end in ("everywhere", "disabled", "one", "time"):
        http = browser(service)
        cookie = signed_in(service, http, email)
        sid = service.deps.refresh_tokens.read(cookie).sid
        body = signs_in(service, linked(service, email))
        assert http.get("/signed-in").status_code == 200
        if end == "everywhere":
            service.post("/logout-all", token=body["token"])
        elif end == "disabled":
            change(service, body["user_id"], disabled_at=1)
        elif end == "one":
            headers = {"Authorization": f"Bearer {body['token']}"}
            assert service.http.delete(f"/api/v1/auth/sessions/{sid}", headers=headers).status_code == 200
        else:
            service.clock.pass_by(days=8)
        assert http.get("/signed-in").status_code == 401, end
        assert http.post("/signed-out").status_code == 200
        change(service, body["user_id"], disabled_at=None)


def test_an_approval_that_ends(service_for: Callable[..., Service]) -> None:
    """Taken away by hand, it ends what this browser may, and signing out still ends the session."""
    service = service_for(registration_policy="approved", **PATIENT)
    email, http = new_email(), browser(service)
    approve(service.deps, email, "admin@example.com")
    cookie = signed_in(service, http, email)
    service.deps.approved_emails.delete({"email": email})
    assert http.get("/signed-in").status_code == 403
    assert http.post("/signed-out").status_code == 200
    lineage = service.deps.lineages.find(service.deps.refresh_tokens.read(cookie).sid)
    assert lineage is not None
    assert lineage.revoked
    end_approval(service.deps, email, "admin@example.com")
    refusal = http.post(f"/m/{linked_before(service, email)}")
    assert refusal.status_code == 403
    assert "not approved" in text(refusal)


def linked_before(service: Service, email: str) -> str:
    """A link that was asked for while the email was approved."""
    approve(service.deps, email, "admin@example.com")
    token = linked(service, email)
    end_approval(service.deps, email, "admin@example.com")
    return token


@pytest.mark.parametrize("cookie", ["", "x", "rt1.ses_x.0." + "A" * 32, "\u00e9", "a" * 4000])
def test_cookies_that_are_none(service: Service, cookie: str) -> None:
    """Whatever a browser sends, it is nobody, and a page says so."""
    http = browser(service)
    http.set_cookie(SESSION.name, cookie)
    for answer in (http.get("/signed-in"), http.post("/signed-out")):
        assert answer.status_code in {200, 401}
        assert answer.mimetype == "text/html"


def test_the_tokens_of_apps_are_no_cookies(service: Service) -> None:
    """A refresh token of a device, or one that was rotated, shows nobody's page and ends nobody's session."""
    email = new_email()
    bound = signs_in(service, linked(service, email), device_id="phone")
    rotated = signs_in(service, linked(service, email))
    service.post("/refresh", {"refresh_token": rotated["refresh_token"]})
    for body in (bound, rotated):
        http = browser(service)
        http.set_cookie(SESSION.name, body["refresh_token"])
        assert http.get("/signed-in").status_code == 401
        http.post("/signed-out")
        assert works(service, body["token"])


def test_the_session_of_before_ends(service: Service) -> None:
    """Signing in again in the same browser leaves one session, and nobody else's is touched."""
    first, second, http = new_email(), new_email(), browser(service)
    before = signed_in(service, http, first)
    app = signs_in(service, linked(service, first))
    after = signed_in(service, http, second)
    service.deps.later.finish()
    assert before != after
    old, new = (service.deps.lineages.find(service.deps.refresh_tokens.read(each).sid) for each in (before, after))
    assert old is not None
    assert new is not None
    assert (old.revoked, new.revoked) == (True, False)
    assert second in text(http.get("/signed-in"))
    assert works(service, app["token"])


def test_somebody_without_an_email_is_shown_by_phone(service: Service) -> None:
    """The page names the phone of whoever has no proved email."""
    phone, http = new_phone(), browser(service)
    page = http.post(f"/m/{linked(service, new_email(), flow='sms', phone_number=phone)}")
    assert phone in text(page)
    assert phone in text(http.get("/signed-in"))


# ── other sites ─────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_form_of_another_site(service: Service, site: str) -> None:
    """It neither signs this browser in as somebody else, nor out; and no link is spent by it."""
    token, http = linked(service, new_email()), browser(service)
    signed_in(service, http)
    from_there = {"Sec-Fetch-Site": site}
    for address in (f"/m/{token}", "/signed-out"):
        answer = http.post(address, headers=from_there)
        assert (answer.status_code, answer.mimetype) == (403, "text/html")
        assert "Set-Cookie" not in answer.headers
    assert is_good(service, token)
    assert http.get("/signed-in").status_code == 200
    stranger = browser(service).post("/signed-out", headers=from_there)
    assert "Set-Cookie" not in stranger.headers, "a form that brought no cookie takes none away"
    assert browser(service).post(f"/m/{token}", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200


ELSEWHERE = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "https://localhost:5000"},
    {"Origin": "http://localhost:5001"},
    {"Origin": "http://localhost:5000.evil.example"},
    {"Origin": "http://localhost:5000@evil.example"},
    {"Origin": "http://localhost:port"},
    {"Origin": "http://localhost:5000, https://evil.example"},
    {"Origin": "panzoto://localhost:5000"},
    {"Origin": "null", "Referer": "http://localhost:5000/m/x"},
    {"Referer": "https://evil.example/page"},
    {"Referer": "about:blank"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost:5000"},
]


def test_a_form_of_another_site_in_an_older_browser(service: Service) -> None:
    """Where no `Sec-Fetch-Site` says it, `Origin` does, and without that `Referer`: scheme, host and port are ours."""
    token, http = linked(service, new_email()), browser(service)
    signed_in(service, http)
    for said in ELSEWHERE:
        for address in (f"/m/{token}", "/signed-out"):
            answer = http.post(address, headers=said)
            assert (answer.status_code, "Set-Cookie" in answer.headers) == (403, False), said
    assert is_good(service, token)
    assert http.get("/signed-in").status_code == 200


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"Origin": "http://localhost:5000"},
        {"Origin": "http://LOCALHOST:5000"},
        {"Origin": "http://localhost"},
        {"Referer": "http://localhost:5000/m/x"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
    ],
)
def test_a_form_of_ours_in_any_browser(service: Service, said: dict[str, str]) -> None:
    """It comes from PUBLIC_URL or from the host that it is sent to; a program, which says nothing, passes too."""
    assert browser(service).post(f"/m/{linked(service, new_email())}", headers=said).status_code == 200


def test_a_form_that_comes_by_a_proxy(service_for: Callable[..., Service]) -> None:
    """The scheme is the one that TRUSTED_PROXIES say was spoken to them, and the host the one that was asked for."""
    service = service_for(**PATIENT, public_url="https://panzoto.example", trusted_proxies=1)
    came = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example", "Host": "api.panzoto.example"}
    for origin, status in {
        "https://panzoto.example": 200,
        "https://api.panzoto.example:443": 200,
        "http://api.panzoto.example": 403,
        "https://evil.example": 403,
    }.items():
        token = linked(service, new_email())
        assert browser(service).post(f"/m/{token}", headers={**came, "Origin": origin}).status_code == status, origin


def test_signing_out_twice(service: Service) -> None:
    """Whoever presses the button again, or without a cookie, sees the same page."""
    http = browser(service)
    signed_in(service, http)
    shown = [http.post("/signed-out") for _ in range(2)]
    assert [each.status_code for each in shown] == [200, 200]
    assert text(shown[0]) == text(shown[1])


# ── what is left to do when it did not work ─────────────────────────────────────────────────────────────────────────
def test_a_dead_link_offers_nothing(service: Service) -> None:
    """The page of a link that was used has no button and no code that would not work."""
    token = linked(service, new_email())
    signs_in(service, token)
    page = text(service.http.post(f"/m/{token}"))
    assert "not valid any more" in page
    assert "<button" not in page
    assert 'class="code"' not in page


def test_a_link_of_another_device_offers_the_app(service_for: Callable[..., Service]) -> None:
    """A browser cannot open it, so the page keeps the way into the app and the code, and runs no script again."""
    service = service_for(**PATIENT, app_scheme="panzoto")
    token = linked(service, new_email(), device_id="phone")
    answer = service.http.post(f"/m/{token}")
    page = text(answer)
    assert answer.status_code == 401
    assert "<button" not in page
    assert f'href="panzoto://m/{token}"' in page
    assert 'class="code"' in page
    assert "<script" not in page
    assert is_good(service, token)


def test_a_fault_offers_another_try(service: Service) -> None:
    """While the store is down the page says so under 503, says when to come back, and keeps its button."""
    email, http = new_email(), browser(service)
    token = linked(service, email)
    signed_in(service, http)
    store = border.at(service.deps.gateway._client)
    store.expect(then=border.refuses("InternalServerError", 500))
    with capture_logs() as logs:
        answers = [http.post(f"/m/{token}"), http.get("/signed-in"), http.post("/signed-out")]
    store.expect()
    for answer in answers:
        assert (answer.status_code, answer.mimetype) == (503, "text/html")
        assert int(answer.headers["Retry-After"]) > 0
        assert "signed out" not in text(answer)
    assert "<button" in text(answers[0])
    assert [line["event"] for line in logs].count("store_unavailable") == 3
    assert http.get("/signed-in").status_code == 200
    assert browser(service).post(f"/m/{token}").status_code == 200


def test_a_session_of_before_that_has_ended(service: Service) -> None:
    """Whatever cookie a browser brings, whoever has signed in stays signed in; no fault of ours is logged."""
    http = browser(service)
    for cookie in ("x", signed_in(service, http)):
        http.set_cookie(SESSION.name, cookie)
        with suppress(SessionEnded, TokenInvalid):
            browser_session.leave(service.deps, cookie, HERE)
        with capture_logs() as logs:
            signed_in(service, http)
            service.deps.later.finish()
        assert [line["why"] for line in logs if line["event"].startswith("job_")] in (
            ["TokenInvalid"],
            ["SessionEnded"],
        )
        assert http.get("/signed-in").status_code == 200


# ── the app ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_deep_link(service_for: Callable[..., Service]) -> None:
    """With APP_SCHEME the page leads into the app; without it, it does not try to."""
    service = service_for(**PATIENT, app_scheme="panzoto")
    token = linked(service, new_email())
    assert f'href="panzoto://m/{token}"' in text(service.http.get(f"/m/{token}"))
    without = create_app(replace(service.deps.config, app_scheme=None)).test_client()
    assert "open_app" not in text(without.get(f"/m/{token}"))
    assert "link.js" not in text(without.get(f"/m/{token}"))


def test_assetlinks(service_for: Callable[..., Service]) -> None:
    """Android reads which app may open our links; where no app is configured there is no such address."""
    prints = ("14:6D:E9:" + ":".join(["AB"] * 29),)
    service = service_for(android_package="com.example.panzoto", android_certificates=prints)
    answer = service.http.get("/.well-known/assetlinks.json")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert answer.get_json() == [
        {
            "relation": ["delegate_permission/common.handle_all_urls"],
            "target": {
                "namespace": "android_app",
                "package_name": "com.example.panzoto",
                "sha256_cert_fingerprints": list(prints),
            },
        }
    ]
    without = replace(service.deps.config, android_package=None, android_certificates=())
    nothing = create_app(without).test_client().get("/.well-known/assetlinks.json")
    assert (nothing.status_code, nothing.get_json()["code"]) == (404, "not_found")


def test_who_is_signed_in_is_escaped(service: Service) -> None:
    """Nothing that somebody is called can become part of a page."""
    email, http = "o'brien&co@example.com", browser(service)
    page = text(http.post(f"/m/{linked(service, email)}"))
    assert "o&#39;brien&amp;co@example.com" in page
    assert user_of(service, (service.deps.emails.find(email) or {})["user_id"]).email == email
