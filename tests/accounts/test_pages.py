"""The pages behind the links of mails, as a browser or a scanner meets them."""

from __future__ import annotations

import re
from collections.abc import Callable

from structlog.testing import capture_logs

from limits import changed as limits_of

from .conftest import API, PASSWORD, Service, new_email

NEW = "a brand new one 42"


def test_looking_changes_nothing(service: Service) -> None:
    """However often a link is fetched, by GET or HEAD, it is still good; then the button works, once."""
    me = service.register()
    address = f"/verify/{service.link(me['email'], 'verify')}"
    for _ in range(5):
        assert service.http.get(address).status_code == 200
        assert service.http.head(address).status_code == 200
    assert service.get("/me", token=me["token"]).get_json()["user"]["email_verified"] is False
    assert service.http.post(address).status_code == 200
    assert service.get("/me", token=me["token"]).get_json()["user"]["email_verified"] is True
    again = service.http.post(address)
    assert again.status_code == 400
    assert "not valid any more" in again.get_data(as_text=True)


def test_a_link_that_is_over_asks_for_nothing(service: Service) -> None:
    """The page of a link that does nothing any more has no form: whoever filled one in would do it for nothing."""
    for address in ("/verify/tok_x.y", "/reset/tok_x.y"):
        over = service.http.post(address, data={"new_password": NEW})
        assert (over.status_code, "<form" in over.get_data(as_text=True)) == (400, False)
        assert "new links" in over.get_data(as_text=True)


def test_a_password_is_reset_on_the_page(service: Service) -> None:
    """The form sets the password, asks again when something is wrong, and shows a new recovery key once."""
    me = service.register()
    service.post("/password/forgot", {"email": me["email"]})
    address = f"/reset/{service.link(me['email'], 'reset')}"
    assert "new_password" in service.http.get(address).get_data(as_text=True)
    weak = service.http.post(address, data={"new_password": "password1"})
    assert (weak.status_code, "most common" in weak.get_data(as_text=True)) == (400, True)
    assert "<form" in weak.get_data(as_text=True)
    undecided = service.http.post(address, data={"new_password": NEW, "recovery_key": ""})
    assert (undecided.status_code, 'role="alert"' in undecided.get_data(as_text=True)) == (409, True)
    for raw in (b"new_password=a%00bcdefgh1", b"new_password=\xe9t\xe9 toujours", b"&".join([b"a=b"] * 20)):
        unread = service.http.post(address, data=raw, content_type="application/x-www-form-urlencoded")
        assert unread.status_code == 400
    done = service.http.post(address, data={"new_password": NEW, "abandon_audio": "on"})
    assert (done.status_code, "recovery key" in done.get_data(as_text=True)) == (200, True)
    assert service.post("/login", {"email": me["email"], "password": NEW}).status_code == 200
    assert service.post("/login", {"email": me["email"], "password": PASSWORD}).status_code == 401


def test_the_page_takes_a_recovery_key(service: Service) -> None:
    """With the recovery key the audio is kept, and no new key is shown."""
    me = service.register()
    service.post("/password/forgot", {"email": me["email"]})
    address = f"/reset/{service.link(me['email'], 'reset')}"
    done = service.http.post(address, data={"new_password": NEW, "recovery_key": me["recovery_key"]})
    assert (done.status_code, "shown this once" in done.get_data(as_text=True)) == (200, False)


def test_the_pages_keep_to_themselves(service: Service) -> None:
    """No script but ours runs, nothing is loaded from elsewhere, nothing is cached, and no address is passed on."""
    for address in ("/verify/tok_x.y", "/reset/<script>alert(1)"):
        response = service.http.get(address)
        assert response.status_code == 200
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Referrer-Policy"] == "strict-origin"
        scripts = re.findall("<script.*", response.get_data(as_text=True))
        assert set(scripts) <= {'<script src="/static/once.js" defer></script>'}


def test_public_keys_are_published(service: Service) -> None:
    """Where a secret signs there is nothing to publish, and the address says so."""
    response = service.http.get("/.well-known/jwks.json")
    assert (response.status_code, response.get_json()) == (200, {"keys": []})


def test_the_page_says_when_to_come_back(service_for: Callable[..., Service]) -> None:
    """A limit is 429 with Retry-After on the page too, and an email that was taken meanwhile is a sentence on it."""
    service = service_for(rate_limits=limits_of("reset.address=1/15m"))
    for status in (400, 429):
        with capture_logs() as lines:
            response = service.http.post("/reset/tok_x.y", data={"new_password": NEW})
        assert ("rate_limited" in [each["event"] for each in lines]) == (status == 429)
        assert (response.status_code, "Retry-After" in response.headers) == (status, status == 429)
        assert response.mimetype == "text/html"
    me, wanted = service.register(), new_email()
    headers = {"Authorization": f"Bearer {me['token']}"}
    service.http.patch(f"{API}/me", json={"email": wanted}, headers=headers)
    link = service.link(wanted, "verify")
    service.register(wanted)
    taken = service.http.post(f"/verify/{link}")
    assert (taken.status_code, taken.mimetype) == (409, "text/html")
