"""An administrator at work in a real browser, on `make run`, at a desk and on a phone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.support.effort import tried_in_ci

from .conftest import Console

DESK, PHONE = (1280, 800), (390, 844)
CSV = "email,company,expires_at\n{0}.one@example.com,Acme,2031-01-31\nno email,Acme,\n{0}.two@example.com,Acme,soon\n"


def approves(console: Console, page: Page, email: str) -> None:
    """Approve an email, by the form."""
    page.get_by_role("link", name="Approvals").click()
    page.get_by_role("link", name="Approve an email").click()
    console.looks_good(page, "approve", "Approve an email")
    page.get_by_label("Email", exact=True).fill(email)
    page.get_by_label("Company").fill("Berg <Sons> & Co")
    page.get_by_label("Reason").fill("Demo on Tuesday")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("status")).to_have_text("The email is approved.")
    row = page.get_by_role("row", name=email) if page.viewport_size == {"width": DESK[0], "height": DESK[1]} else page
    expect(row.get_by_text("Berg <Sons> & Co").first).to_be_visible()
    console.looks_good(page, "approvals", "Approved emails")


def imports(console: Console, page: Page, who: str) -> None:
    """Import a CSV with two bad rows."""
    page.get_by_role("link", name="Import a CSV").click()
    page.get_by_label("or its rows").fill(CSV.format(who))
    console.looks_good(page, "import", "Import approvals")
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("status")).to_have_text("1 email is approved.")
    expect(page.get_by_role("heading", name="2 rows are wrong")).to_be_visible()
    console.looks_good(page, "imported", "Imported")


def opens_flow(console: Console, page: Page) -> None:
    """Find the flow of the sign-in on the person's page, and read its steps."""
    page.locator("section[aria-labelledby=providers] tbody a").first.click()
    console.looks_good(page, "flow", "Sign-in with Acme")
    steps = page.locator(".flow .what").all_inner_texts()
    assert steps[0] == "Asks to sign in"
    assert "Is signed in" in steps
    page.get_by_role("link", name="The person").click()


def ends_session(console: Console, page: Page) -> None:
    """End the session, when asked whether one means it."""
    page.get_by_role("link", name=re.compile("End the session that began")).click()
    console.looks_good(page, "confirm", "End this session?")
    page.get_by_role("button", name="End the session").click()
    expect(page.get_by_role("status")).to_have_text("The session has ended.")
    expect(page.get_by_text("Signed in nowhere.")).to_be_visible()


@tried_in_ci
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_a_day_of_an_administrator(console: Console, size: tuple[int, int]) -> None:
    """Approve, import, find who signed in, read their OAuth flow, end their session, and see it all in the audit."""
    who = "joanna.berg" if size == DESK else "mia.stone"
    email = f"{who}@people.example"
    with console.page(viewport={"width": size[0], "height": size[1]}) as page:
        page.goto("/admin")
        console.looks_good(page, "sign-in", "Sign in")
        console.signs_in(page, "/admin?days=30")
        console.looks_good(page, "overview", "Overview")
        approves(console, page, email)
        imports(console, page, who)
        person = console.comes_by_provider(who)
        page.get_by_role("link", name="People").click()
        console.looks_good(page, "people", "People")
        page.get_by_label("Find somebody").fill(email)
        page.get_by_role("button", name="Find").click()
        console.looks_good(page, "person", email)
        opens_flow(console, page)
        assert console.status_of(person) == 200
        ends_session(console, page)
        assert console.status_of(person) == 401
        page.get_by_role("link", name="Audit").click()
        expect(page.get_by_text("A session was ended").first).to_be_visible()
        expect(page.locator("time").first).not_to_contain_text("UTC")  # times are in the viewer's zone
        console.looks_good(page, "audit", "Audit")
    assert console.said == []


def test_without_a_script_and_by_the_keyboard(console: Console) -> None:
    """The first key leads to the content, times are in UTC, and what ends something still asks before it does."""
    with console.page(java_script_enabled=False) as page:
        console.signs_in(page)
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        page.keyboard.press("Enter")
        page.goto("/admin/audit")
        expect(page.locator("time").first).to_contain_text("UTC")
        page.goto("/admin/approvals/admin@panzoto.example/end")
        expect(page.get_by_role("button", name="End the approval")).to_be_visible()
        page.get_by_role("link", name="Leave it as it is").click()
        expect(page.get_by_role("heading", name="admin@panzoto.example")).to_be_visible()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert console.said == []
