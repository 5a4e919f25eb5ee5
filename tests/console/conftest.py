"""A `make run` beside a provider, a browser, and what looks for barriers in pages."""

from __future__ import annotations

import fcntl
import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import APIRequestContext, Browser, Page, expect, sync_playwright

from panzoto.deps import build
from panzoto.flows.oauth._proofs import challenge_of
from tests.local.running import Running, free_port
from tests.oauth.certified import SECRET, Person, certified
from tests.support.configs import configured
from tests.support.needs import needs

FOLDER = Path(__file__).parent / "axe"
APP = "Panzoto/1.4 (Android 14; Pixel 8) okhttp/4.12.0"
DEEP = "panzoto://oauth"
DAYS, DESK = 30, 1000
# The machine may be busy: how long a page takes says nothing here.
SECONDS = 30
# Where pictures of the pages go when somebody wants new ones for the documentation.
PICTURES = os.environ.get("SCREENSHOTS")


@dataclass
class Console:
    """The console of a run, and the people who come to it."""

    run: Running
    browser: Browser
    axe: str
    http: APIRequestContext
    said: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where everything is."""
        return f"http://localhost:{self.run.port}"

    @property
    def password(self) -> str:
        """The first administrator's, as the terminal says it."""
        found = re.search(r"First admin +admin@panzoto.example +password (\S+)", self.run.said)
        assert found, self.run.said
        return found[1]

    @contextmanager
    def page(self, **options: Any) -> Iterator[Page]:
        """A page of a browser of its own; nothing may be said in its console."""
        context = self.browser.new_context(base_url=self.url, locale="en-GB", **options)
        context.set_default_timeout(SECONDS * 1000)
        page = context.new_page()
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        yield page
        context.close()

    def signs_in(self, page: Page, where: str = "/admin") -> None:
        """The first administrator signs in on the way to a page."""
        page.goto(where)
        page.get_by_label("Email", exact=True).fill("admin@panzoto.example")
        page.get_by_label("Password").fill(self.password)
        page.get_by_role("button", name="Sign in", exact=True).click()
        written = page.get_by_role("link", name="I have written it down")
        out = page.get_by_role("button", name="Sign out")
        expect(written.or_(out)).to_be_visible()
        if written.is_visible():
            written.click()
        expect(out).to_be_visible()
        page.wait_for_load_state()

    def comes_by_provider(self, name: str) -> dict[str, Any]:
        """Somebody signs in to the app with the provider."""
        verifier = "v" * 43
        start = f"{self.url}/api/v1/oauth/acme/authorize?redirect_to={DEEP}&code_challenge={challenge_of(verifier)}"
        away = self.http.get(start, max_redirects=0).headers["location"]
        deep = self.http.get(Person(name).agrees(away), max_redirects=0).headers["location"]
        body = {"handoff": parse_qs(urlsplit(deep).query)["handoff"][0], "code_verifier": verifier}
        answer = self.http.post(f"{self.url}/api/v1/oauth/acme/exchange", data=body)
        assert answer.status == 200, answer.text()
        found: dict[str, Any] = answer.json()
        return found

    def status_of(self, person: dict[str, Any]) -> int:
        """What the next call of somebody's app is answered."""
        headers = {"Authorization": f"Bearer {person['token']}"}
        return self.http.get(f"{self.url}/api/v1/auth/me", headers=headers).status

    def looks_good(self, page: Page, name: str, heading: str) -> None:
        """The page is there; nothing is wider than the screen, and nobody meets a barrier, in light or in dark."""
        expect(page.locator("h1")).to_have_text(heading)
        page.wait_for_load_state()
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), name
        wide = page.viewport_size["width"] if page.viewport_size else 0
        page.evaluate(self.axe)
        for scheme, rules in (("light", {}), ("dark", {"runOnly": ["color-contrast"]})):
            if scheme == "dark" and wide < DESK:
                continue  # its colours are those of the desk
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            found = page.evaluate("rules => axe.run(document, rules)", rules)["violations"]
            grave = [each for each in found if each["impact"] in {"serious", "critical"}]
            assert not grave, (name, scheme, [(each["id"], each["nodes"][0]["html"]) for each in grave])
            if PICTURES:
                page.screenshot(path=f"{PICTURES}/{name}-{wide}-{scheme}.png", full_page=True)
        page.emulate_media(color_scheme="light")


def axe() -> str:
    """The script of axe-core, once it is there; of several processes, one installs it."""
    npm, script = needs("npm"), FOLDER / "node_modules" / "axe-core" / "axe.min.js"
    with (FOLDER / "package.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = json.load(lock)["dependencies"]["axe-core"]
        about = script.with_name("package.json")
        if not about.exists() or json.loads(about.read_text())["version"] != wanted:
            command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
    return script.read_text(encoding="utf-8")


def has_history(run: Running) -> None:
    """Give a run the figures of some weeks, so that there is something to draw."""
    deps = build(configured("test", f"http://127.0.0.1:{run.emulator_port}"))
    now, stored = datetime.now(UTC), 0
    for back in range(1, DAYS):
        many = 40 + (back * 37) % 23 - (18 if (now - timedelta(days=back)).weekday() > 4 else 0)
        amounts = {"in#pwd": many, "in#otp": many // 2, "in#email": many // 3, "in#oauth:acme": many // 4}
        failed = {"failed#pwd": many // 9 + (14 if back == 6 else 0), "failed#otp": many // 20}
        sent = {"sent#email": many // 2, "sent#sms": many // 2 + 3}
        spent = {"reads": many * 420.5, "writes": many * 96, "ended": many, "audio_bytes": many * 310_000}
        stored += many * 310_000
        deps.figures.add_to_day((now - timedelta(days=back)).date(), amounts | failed | sent | spent, now)
    deps.figures.add_to_total({"audio_bytes": stored, "audio_files": 214})


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """One run and one browser for all tests of a module."""
    program, script = needs("chromium"), axe()
    expect.set_options(timeout=SECONDS * 1000)
    port = str(free_port())
    with certified(f"http://localhost:{port}/api/v1/oauth/acme/callback") as provider, sync_playwright() as plays:
        run = Running(
            tmp_path_factory.mktemp("console") / "data",
            PORT=port,
            REGISTRATION_POLICY="approved",
            OAUTH_PROVIDERS="acme",
            OAUTH_ACME_ISSUER=provider.issuer,
            OAUTH_ACME_CLIENT_ID="panzoto",
            OAUTH_ACME_CLIENT_SECRET=SECRET,
            OAUTH_APP_REDIRECTS=DEEP,
        )
        run.port = int(port)
        try:
            run.up()
            has_history(run)
            browser = plays.chromium.launch(executable_path=program)
            yield Console(run, browser, script, plays.request.new_context(user_agent=APP))
            browser.close()
        finally:
            run.kill_all()
