"""What the forms of the console do, and what they say when it cannot be done."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.admin.conftest import Office, new_email

from .test_who_may import office, sends, signed_in, token_of

__all__ = ["office"]

Send = Callable[..., TestResponse]


@pytest.fixture(scope="module")
def http(office: Office) -> FlaskClient:
    """The browser of an administrator."""
    return signed_in(office, office.someone("admin"))


def done(http: FlaskClient, path: str, **fields: str) -> str:
    """Look at the page that asks, press its button, and read what is said after it."""
    asked = http.get(path)
    assert asked.status_code == 200, asked.text
    answer = http.post(path, data={"form_token": token_of(asked), **fields}, follow_redirects=True)
    found = re.search(r'role="(?:status|alert)">([^<]*)<', answer.text)
    assert found, answer.text
    return found[1]


def seen_in(page: TestResponse) -> dict[str, str]:
    """What a form says of itself."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text))


def test_what_is_done_to_an_account(office: Office, http: FlaskClient) -> None:
    """Each act asks, is done, and says so on the person's page."""
    me = office.someone()
    person = f"/admin/people/{me['user_id']}"
    assert done(http, f"{person}/make-support") == "They are a supporter now."
    assert done(http, f"{person}/make-admin") == "They are an administrator now."
    assert office.user(me).roles == {"admin", "support"}
    assert done(http, f"{person}/end-admin") == "They are no administrator any more."
    assert done(http, f"{person}/end-support") == "They are no supporter any more."
    assert office.user(me).roles == frozenset()
    assert done(http, f"{person}/reset") == "The link for a new password is on its way."
    assert office.link(me["email"], "reset")
    office.login(me)
    assert done(http, f"{person}/sessions/end") == "All sessions have ended."
    assert done(http, f"{person}/disable").startswith("The account is disabled")
    assert office.user(me).disabled_at is not None
    assert done(http, f"{person}/enable") == "The account is enabled."
    assert office.user(me).disabled_at is None
    assert http.get(f"{person}/explode").status_code == 404
    assert "→" in http.get(person).text, "before and after stand beside each other"


def test_an_approval_is_changed_and_ended(office: Office, http: FlaskClient) -> None:
    """An end that is left as it was keeps its hour, and what the form does not ask for stays."""
    email = new_email()
    answer = sends(http, "/admin/approvals/new", email=email, until="2031-01-31T12:30:00Z", company="Acme")
    assert answer.status_code == 303, answer.text
    assert sends(http, "/admin/approvals/new", email=email).status_code == 409
    assert sends(http, "/admin/approvals/new", email=new_email(), until="soon").status_code == 400
    assert sends(http, "/admin/approvals/new", email=new_email(), notes="x" * 1001).status_code == 400
    page = f"/admin/approvals/{email}"
    assert done(http, page, until="2031-01-31", company="", reason="Demo") == "The approval is changed."
    found = office.deps.approved_emails.find(email)
    assert found is not None
    assert found.expires_at is not None
    assert (found.expires_at.hour, found.metadata) == (12, {"reason": "Demo"})
    assert done(http, f"{page}/end").startswith("The approval is ended")
    assert http.get(page).status_code == 404


def test_a_page_that_is_old_changes_nothing(office: Office, http: FlaskClient) -> None:
    """An end that somebody else has set while the page was open is not taken away; the page is shown as it is now."""
    email = new_email()
    assert sends(http, "/admin/approvals/new", email=email, notes="Demo").status_code == 303
    page = f"/admin/approvals/{email}"
    old = {**seen_in(http.get(page)), "until": "", "notes": "Acme"}
    office.clock.pass_by(minutes=1)
    assert done(http, page, **seen_in(http.get(page)), until="2031-01-31", notes="Demo") == "The approval is changed."
    answer = http.post(page, data=old)
    assert (answer.status_code, "Somebody else has changed" in answer.text) == (409, True)
    assert 'value="2031-01-31"' in answer.text
    found = office.deps.approved_emails.find(email)
    assert found is not None
    assert (found.expires_at is not None, found.metadata) == (True, {"notes": "Demo"})
    assert done(http, page, **seen_in(answer), until="", notes="Acme") == "The approval is changed."


@pytest.mark.parametrize("at", [Decimal("1698765432.75"), "1698765432", 1698765432, "yesterday", None])
def test_an_approval_that_was_written_by_hand_is_changed(office: Office, http: FlaskClient, at: Any) -> None:
    """Whatever it says of when it was given: nobody else has changed it."""
    email = new_email()
    office.deps.approved_emails.put({"email": email, "approvedAt": at})
    page = f"/admin/approvals/{email}"
    assert done(http, page, **seen_in(http.get(page)), until="", notes="Acme") == "The approval is changed."


def test_an_approval_of_an_email_with_slashes(http: FlaskClient) -> None:
    """Its page is found from the list, and so is the way to end it."""
    email = f"/a//b/{new_email()}"
    assert sends(http, "/admin/approvals/new", email=email).status_code == 303
    listed = http.get("/admin/approvals", query_string={"search": email}).text
    link = re.search(r'<th scope="row"><a href="([^"]+)">', listed)
    assert link
    page = http.get(link[1])
    assert page.status_code == 200, page.text
    ending = re.search(r'href="([^"]+/end)"', page.text)
    assert ending
    assert done(http, ending[1]).startswith("The approval is ended")


def test_a_list_goes_on_where_the_page_ends(http: FlaskClient) -> None:
    """A file of 51 emails is imported; a page shows 50 of them, and its button the last."""
    rows = "email\n" + "".join(f"p{number:02}@many.example\n" for number in range(51))
    fields = {"form_token": token_of(http.get("/admin/approvals/import")), "file": (BytesIO(rows.encode()), "all.csv")}
    assert "51 emails are approved." in http.post("/admin/approvals/import", data=fields).text
    first = http.get("/admin/approvals?search=@many.example").text
    cursor = re.search(r'name="cursor" value="([^"]+)"', first)
    assert first.count('<th scope="row">') == 50
    assert cursor
    last = http.get("/admin/approvals", query_string={"search": "@many.example", "cursor": cursor[1]}).text
    assert last.count('<th scope="row">') == 1
    assert 'name="cursor"' not in last


def test_why_somebody_cannot_sign_in(office: Office, http: FlaskClient) -> None:
    """An email without an account leads to its approval and to what was tried with it; a failed sign-in is told."""
    email = new_email()
    office.post("/login", {"email": email, "password": "not this one"})
    found = http.get(f"/admin/people?asked={email}")
    assert found.status_code == 404
    assert f"/admin/audit?subject=email:{email}".replace("@", "%40") in found.text.replace("@", "%40")
    assert "Could not sign in (Password)" in http.get(f"/admin/audit?subject=email:{email}").text


@pytest.mark.parametrize(
    "path",
    [
        "/admin/audit?since=soon",
        "/admin/audit?cursor=made-up",
        "/admin/approvals?cursor=made-up",
        f"/admin/people/{'x' * 3000}",
        f"/admin/people?asked={'x' * 3000}",
        f"/admin/approvals?search=@{'x' * 3000}",
        f"/admin/approvals?search={'x' * 3000}",
        f"/admin/audit?subject={'x' * 3000}",
        f"/admin/audit?actor={'x' * 3000}",
        f"/admin/oauth/{'x' * 3000}",
        "/admin/people?asked=%00%ff",
        "/admin?days=many",
    ],
    ids=lambda path: path[:30],
)
def test_what_makes_no_sense_is_said_on_a_page(http: FlaskClient, path: str) -> None:
    """Never is it a fault of ours."""
    answer = http.get(path)
    assert answer.status_code in ({400} if "xxx" in path else {200, 400, 404}), answer.text
    assert answer.mimetype == "text/html"
    assert "<h1>" in answer.text


@pytest.mark.parametrize(("search", "offered"), [("jo@no.example", True), ("jo", False), ("@no.example", False)])
def test_only_an_email_is_offered_for_approval(http: FlaskClient, search: str, offered: bool) -> None:
    """Nothing is found for the beginning of an email, or for a domain, and neither can be approved."""
    assert (f"Approve {search}" in http.get(f"/admin/approvals?search={search}").text) == offered


@pytest.mark.parametrize(("header", "status"), [("email,company", 200), ("name", 400)])
def test_a_file_that_is_not_utf_8(http: FlaskClient, header: str, status: int) -> None:
    """Its lines are told, and not approved in a mangled form; a file that is no list of emails is told as a whole."""
    rows = f"{header}\nj\xf6rgen@latin.example,M\xfcller\n".encode("latin-1")
    fields = {"form_token": token_of(http.get("/admin/approvals/import")), "file": (BytesIO(rows), "old.csv")}
    answer = http.post("/admin/approvals/import", data=fields)
    assert (answer.status_code, "UTF-8" in answer.text) == (status, True)
    assert "latin.example" not in http.get("/admin/approvals?search=@").text
