"""Everything that matters is on record: who, when, from where, and by what; without secrets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support import border
from tests.support.border import told_by_transactions

from .conftest import API, PASSWORD, Service, new_email

Me = dict[str, Any]
NEW = "a brand new one 42"


def patch(service: Service, me: Me, **body: str) -> None:
    """A change of the profile."""
    headers = {"Authorization": f"Bearer {me['token']}"}
    assert service.http.patch(f"{API}/me", json=body, headers=headers).status_code == 200


def change_email(service: Service, me: Me) -> None:
    """Ask for another email and follow its link."""
    new = new_email()
    patch(service, me, email=new, current_password=PASSWORD)
    service.post("/email/verify", {"token": service.link(new, "verify")})


def reset(service: Service, me: Me) -> None:
    """Forget the password and set another."""
    service.post("/password/forgot", {"email": me["email"]})
    body = {"token": service.link(me["email"], "reset"), "new_password": NEW, "recovery_key": me["recovery_key"]}
    assert service.post("/password/reset", body).status_code == 200


def steal(service: Service, me: Me) -> None:
    """Use a refresh token that was replaced long ago."""
    first = service.post("/refresh", {"refresh_token": me["refresh_token"]}).get_json()
    service.post("/refresh", {"refresh_token": first["refresh_token"]})
    service.post("/refresh", {"refresh_token": me["refresh_token"]})


def end_another(service: Service, me: Me) -> None:
    """End the session of another device."""
    other = service.post("/login", {"email": me["email"], "password": PASSWORD}).get_json()
    session_id = service.deps.access_tokens.read(other["token"], service.clock.now).sid
    service.http.delete(f"{API}/sessions/{session_id}", headers={"Authorization": f"Bearer {me['token']}"})


ACTS: dict[str, Callable[[Service, Me], object]] = {
    "registered": lambda service, me: None,
    "sign_in": lambda service, me: service.post("/login", {"email": me["email"], "password": PASSWORD}),
    "sign_in_failed": lambda service, me: service.post("/login", {"email": me["email"], "password": "wrong one"}),
    "refresh_reused": steal,
    "signed_out": lambda service, me: service.post("/logout", token=me["token"]),
    "signed_out_everywhere": lambda service, me: service.post("/logout-all", token=me["token"]),
    "session_ended": end_another,
    "password_changed": lambda service, me: service.post(
        "/password/change", {"current_password": PASSWORD, "new_password": NEW}, token=me["token"]
    ),
    "password_rejected": lambda service, me: service.post(
        "/password/change", {"current_password": "wrong one", "new_password": NEW}, token=me["token"]
    ),
    "reset_asked": reset,
    "password_reset": reset,
    "recovery_key_made": lambda service, me: service.post(
        "/recovery-key", {"current_password": PASSWORD}, token=me["token"]
    ),
    "profile_changed": lambda service, me: patch(service, me, name="Ann"),
    "email_verified": lambda service, me: service.post("/email/verify", {"token": service.link(me["email"], "verify")}),
    "email_change_asked": change_email,
    "email_changed": change_email,
    "exported": lambda service, me: service.get("/export", token=me["token"]),
    "deleted": lambda service, me: service.http.delete(
        f"{API}/me", json={}, headers={"Authorization": f"Bearer {me['token']}"}
    ),
}


# What changes nothing that it could be one transaction with; a sign-in is written together with its session.
TOLD_ALONE = {"sign_in", "sign_in_failed", "password_rejected", "exported"}


@pytest.mark.parametrize(("action", "act"), ACTS.items(), ids=ACTS.keys())
def test_every_act_is_on_record(service: Service, action: str, act: Callable[[Service, Me], object]) -> None:
    """Each act leaves its event, with the address and the program it came from; no event holds a secret.

    What changes something is on record by the same transaction: no crash parts them.
    """
    passing = border.at(service.deps.gateway._client)
    me = service.register()
    act(service, me)
    service.deps.later.finish()
    assert (action in told_by_transactions(passing)) == (action not in TOLD_ALONE)
    events = list(service.deps.audit.all_of(me["user_id"]))
    found = [each for each in events if each["action"] == action]
    assert found
    assert all((each["ipAddress"], each["userAgent"][:8]) == ("127.0.0.1", "Werkzeug") for each in found)
    assert all(("feed" in each) == (each["action"] != "sign_in") for each in events)
    for secret in (PASSWORD, NEW, me["token"], me["refresh_token"], me["recovery_key"], "wrong one"):
        assert secret not in str(events)


def test_an_unknown_email_is_on_record_too(service: Service) -> None:
    """Guessing at accounts that do not exist can be seen."""
    email = new_email()
    service.post("/login", {"email": email, "password": "wrong one"})
    assert [each["action"] for each in service.deps.audit.all_of(f"email:{email}")] == ["sign_in_failed"]
