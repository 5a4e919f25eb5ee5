"""The page of a link in a real browser, served by a real gunicorn."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright

from tests.accounts.conftest import QUICK, begun
from tests.support import server as gunicorn
from tests.support.configs import configured, new_account
from tests.support.effort import tries
from tests.support.needs import needs

from .conftest import (
    PATIENT,
    UNLIMITED,
    Service,
    change,
    everything,
    is_good,
    linked,
    new_email,
    signs_in,
    user_of,
    verify,
)

LOOKS, SECONDS = tries(50, at_home=5), 20
PHONE, DESK = (390, 844), (1280, 800)
ANDROID = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Mobile"
SMALLEST_TARGET = 44
# A name without https that is not the machine's own: a browser says nothing there of whose page sends a form.
PLAIN = "panzoto.example"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The Chromium of this machine."""
    program = needs("chromium")
    with sync_playwright() as playwright:
        args = [f"--host-resolver-rules=MAP {PLAIN} 127.0.0.1"]
        started = playwright.chromium.launch(executable_path=program, args=args)
        yield started
        started.close()


@dataclass
class Site:
    """What serves, and the same service in this process, which reads the mail."""

    url: str
    service: Service
    browser: Browser
    said: list[str] = field(default_factory=list)

    @contextmanager
    def page(self, **options: Any) -> Iterator[Page]:
        """A page of a browser of its own, which keeps what the console says."""
        context = self.browser.new_context(base_url=self.url, **options)
        page = context.new_page()
        page.on("console", lambda message: self._hear(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        yield page
        context.close()

    def _hear(self, said: str) -> None:
        if not said.startswith("Not allowed to launch 'panzoto:"):  # this machine has no such app
            self.said.append(said)


@pytest.fixture(scope="module")
def served(ministack: str) -> Iterator[tuple[str, Service]]:
    """The service with an app, and where people reach it; each test has people of its own."""
    account = new_account()
    service = begun(configured(account, ministack, outbox_url=ministack, **QUICK, **PATIENT, app_scheme="panzoto"))
    environ = gunicorn.environment(
        ministack,
        account,
        APP_SCHEME="panzoto",
        S3_BUCKET=service.deps.config.s3_bucket,
        RATE_LIMITS=str(UNLIMITED),
        DYNAMODB_DEADLINE="60s",
    )
    with gunicorn.serving(environ) as server:
        yield f"http://127.0.0.1:{server.port}", service


@pytest.fixture
def site(served: tuple[str, Service], chromium: Browser) -> Iterator[Site]:
    """The service as a browser meets it; nothing may be said in the console."""
    url, service = served
    found = Site(url, service, chromium)
    yield found
    assert found.said == []


def known(site: Site) -> str:
    """Somebody who has signed in before."""
    email = new_email()
    signs_in(site.service, linked(site.service, email))
    return email


def navigations(page: Page) -> list[str]:
    """Where the page will want to go by itself."""
    asked: list[str] = []
    devtools = page.context.new_cdp_session(page)
    devtools.on("Page.frameRequestedNavigation", lambda event: asked.append(event["url"]))
    devtools.send("Page.enable")
    return asked


def until(page: Page, happened: Callable[[], bool]) -> None:
    """Wait for what the browser is about to say."""
    ends = time.monotonic() + SECONDS
    while not happened():
        assert time.monotonic() < ends
        page.wait_for_timeout(10)  # between two looks, in which events arrive; the deadline above is what decides


def looks_at(page: Page, address: str, asked: list[str]) -> None:
    """Open a page whose script goes somewhere else at once, and wait until it has tried to."""
    tried = len([each for each in asked if each.startswith("panzoto:")])
    page.goto(address, wait_until="commit")
    page.get_by_role("button").wait_for()
    until(page, lambda: len([each for each in asked if each.startswith("panzoto:")]) > tried)


def test_fetched_by_everything_it_is_still_good(site: Site) -> None:
    """Again and again by GET, HEAD and a browser that clicks nothing: no table changes. The button signs in, once."""
    email = known(site)
    token = linked(site.service, email)
    before = everything(site.service)
    with site.page(user_agent=ANDROID) as page:
        asked = navigations(page)
        for _ in range(LOOKS):
            for method in ("get", "head"):
                assert getattr(page.request, method)(f"/m/{token}").ok
            looks_at(page, f"/m/{token}", asked)
        assert [each for each in asked if each.startswith("panzoto:")] == [f"panzoto://m/{token}"] * LOOKS
        assert everything(site.service) == before
    with site.page() as page:
        page.goto(f"/m/{token}")
        page.get_by_role("button", name="Sign in with this browser").click()
        page.wait_for_url("**/signed-in")
        assert email in page.inner_text("main")
        assert page.evaluate("document.cookie") == ""
        (cookie,) = page.context.cookies()
        assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) == ("panzoto_session", True, "Lax")
    with site.page() as page:
        page.goto(f"/m/{token}")
        page.get_by_role("button").click()
        page.get_by_role("alert").wait_for()
        assert "not valid any more" in page.inner_text("main")
        assert page.get_by_role("button").count() == 0
        assert page.context.cookies() == []
        site.said.clear()  # the console notes that the answer was 400
    assert verify(site.service, token).status_code == 400


def test_the_button_works_where_a_browser_says_little(site: Site) -> None:
    """Without `Sec-Fetch-Site` our own form says by `Origin` whose it is, and passes on no address."""
    with site.page() as page:
        page.goto(f"{site.url.replace('127.0.0.1', PLAIN)}/m/{linked(site.service, known(site))}")
        with page.expect_request("**/m/*") as sent:
            page.get_by_role("button", name="Sign in with this browser").click()
        page.wait_for_url("**/signed-in")
        said = sent.value.all_headers()
        here = site.url.replace("127.0.0.1", PLAIN)
        assert (said.get("sec-fetch-site"), said["origin"], said.get("referer")) == (None, here, f"{here}/")


def test_the_app_is_opened_on_android_alone(site: Site) -> None:
    """There the script goes where the button goes; elsewhere it is the button alone that goes there."""
    token = linked(site.service, new_email())
    with site.page(user_agent=ANDROID) as page:
        asked = navigations(page)
        looks_at(page, f"/m/{token}", asked)
        assert asked[-1] == f"panzoto://m/{token}"
    with site.page() as page:
        asked = navigations(page)
        page.goto(f"/m/{token}", wait_until="load")
        assert not [each for each in asked if each.startswith("panzoto:")]
        page.get_by_role("link", name="Open the app").click(no_wait_after=True)
        until(page, lambda: asked[-1:] == [f"panzoto://m/{token}"])
    assert is_good(site.service, token)


@pytest.mark.parametrize("size", [PHONE, DESK])
def test_the_pages_fit(site: Site, size: tuple[int, int]) -> None:
    """Nothing is wider than the screen, and whatever is pressed is large enough for a thumb."""
    email = f"{size[0]}.a.rather.long.name.of.somebody.who.has.it.all.written.out@mail.example.com"
    token = linked(site.service, email, device_id="x")
    with site.page(viewport={"width": size[0], "height": size[1]}) as page:
        page.goto(f"/m/{token}")
        _fits(page)
        page.get_by_role("button").click()
        page.get_by_role("alert").wait_for()
        _fits(page)
        page.goto(f"/m/{linked(site.service, email)}")
        page.get_by_role("button").click()
        page.get_by_text("recovery key").wait_for()
        _fits(page)
        page.goto("/signed-in")
        _fits(page)
        page.get_by_role("button").click()
        page.get_by_role("heading", name="You are signed out").wait_for()
        _fits(page)
        site.said.clear()  # the console notes that an answer was 401


def _fits(page: Page) -> None:
    page.wait_for_load_state()  # what a page says is there before its style is
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    for pressed in page.locator("button, a.button").all():
        box = pressed.bounding_box()
        assert box is not None
        assert box["height"] >= SMALLEST_TARGET


def test_without_script_and_mouse(site: Site) -> None:
    """The ways on are links and forms: the keyboard reaches them, and no script is needed."""
    email = known(site)
    with site.page(java_script_enabled=False) as page:
        page.goto(f"/m/{linked(site.service, email)}")
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url("**/signed-in")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="You are signed out").wait_for()
        page.go_back()
        assert email not in page.inner_text("main")
        site.said.clear()  # the console notes that the answer was 401


def test_whoever_presses_twice_sees_the_recovery_key(site: Site) -> None:
    """The second press sends nothing: its answer would take the place of the one that shows the key, this once."""
    on_their_way: list[Route] = []
    with site.page() as page:
        page.goto(f"/m/{linked(site.service, new_email())}")
        page.route("**/m/*", lambda route: on_their_way.append(route))  # noqa: PLW0108 (Playwright writes on it)
        button = page.get_by_role("button").bounding_box()
        assert button is not None
        page.mouse.click(button["x"] + 5, button["y"] + 5)
        until(page, lambda: len(on_their_way) == 1)
        page.mouse.click(button["x"] + 5, button["y"] + 5)
        on_their_way[0].continue_()
        page.get_by_role("heading", name="Your recovery key").wait_for()


def test_another_site_signs_nobody_in_or_out(site: Site) -> None:
    """Its forms arrive without the cookie, are refused, and leave the browser as it was; the link is still good."""
    email = known(site)
    token = linked(site.service, new_email())
    with site.page() as page:
        page.goto(f"/m/{linked(site.service, email)}")
        page.get_by_role("button").click()
        page.wait_for_url("**/signed-in")
        for address in (f"/m/{token}", "/signed-out"):
            form = f'<form method="post" action="{site.url}{address}"><button>Win a prize</button></form>'
            page.route(
                "http://evil.example/", lambda route, _, form=form: route.fulfill(body=form, content_type="text/html")
            )
            page.goto("http://evil.example/")
            page.get_by_role("button").click()
            page.get_by_role("alert").wait_for()
            assert "another site" in page.inner_text("main")
            page.unroute("http://evil.example/")
        page.goto("/signed-in")
        assert email in page.inner_text("main")
        site.said.clear()  # the console notes that the answers were 403
    assert is_good(site.service, token)


def test_somebody_who_was_disabled(site: Site) -> None:
    """A browser that is signed in sees at its next look that it is not any more."""
    email = known(site)
    user_id = (site.service.deps.emails.find(email) or {})["user_id"]
    with site.page() as page:
        page.goto(f"/m/{linked(site.service, email)}")
        page.get_by_role("button").click()
        page.wait_for_url("**/signed-in")
        change(site.service, user_of(site.service, user_id).user_id, disabled_at=1)
        page.reload()
        page.get_by_role("heading", name="You are signed out").wait_for()
        site.said.clear()  # the console notes that the answer was 401
