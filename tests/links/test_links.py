"""A link signs in whoever it was sent to, once, and nobody else."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest

from panzoto.crypto import keys
from panzoto.crypto.purposes import Purpose
from panzoto.flows import _one_use
from panzoto.flows.delete_me import erase
from panzoto.models.auth_state.keys import key
from tests.support.numbers import new_phone
from tests.support.people import leave
from tests.support.phones import HERE

from .conftest import (
    PASSWORD,
    PATIENT,
    Service,
    ask,
    change,
    expires,
    is_good,
    kinds,
    linked,
    new_email,
    refused,
    signs_in,
    user_of,
    verify,
    works,
)

INVALID = (400, "link_invalid")


def test_somebody_new_signs_in(service: Service) -> None:
    """The first sign-in makes the person, with a proved email and an audio key; the answer is that of any sign-in."""
    email = new_email()
    token = linked(service, email, device_id="phone-1", dashboard_id="workbook_abc123")
    assert kinds(service) == {"magic_link": 1}, "nobody is there before the link is used"
    body = signs_in(service, token, device_id="phone-1")
    assert body["user"]["email"] == email
    assert body["user"]["email_verified"] is True
    assert body["user"]["has_password"] is False
    assert body["dashboard_id"] == "workbook_abc123"
    assert body["recovery_key"]
    assert len(body["audio_key"]) == 44
    assert jwt.decode(body["token"], options={"verify_signature": False})["amr"] == ["email"]
    assert kinds(service) == {"magic_link": 1, "session": 1, "EMAIL": 1, "REFRESH_TOKEN": 1, "user": 1}
    again = signs_in(service, linked(service, email))
    assert again["user_id"] == body["user_id"]
    assert again["audio_key"] == body["audio_key"]
    assert "recovery_key" not in again


def test_somebody_with_a_password_signs_in(service: Service) -> None:
    """A link is another way into the same account; the audio key stays under the password, which still works."""
    me = service.register()
    service.post("/email/verify", {"token": service.link(me["email"], "verify")})
    body = signs_in(service, linked(service, me["email"]))
    assert (body["user_id"], body["wrapped_audio_key"]) == (me["user_id"], me["wrapped_audio_key"])
    assert "audio_key" not in body
    assert works(service, me["token"])
    assert service.post("/login", {"email": me["email"], "password": PASSWORD}).status_code == 200


def test_a_link_works_once(service: Service) -> None:
    """Whoever presents it a second time is refused, by token or by page, and no session begins."""
    email = new_email()
    token = linked(service, email)
    signs_in(service, token)
    before = kinds(service)
    assert refused(verify(service, token)) == INVALID
    assert service.http.post(f"/m/{token}").status_code == 400
    assert kinds(service) == before


def test_a_link_ends_by_the_clock(service: Service) -> None:
    """A second before its time is over it works, and at that second it does not, long before DynamoDB deletes it."""
    email = new_email()
    late, in_time = linked(service, email), linked(service, email)
    service.clock.now = service.clock.now.replace(microsecond=0) + expires(service) - timedelta(seconds=1)
    signs_in(service, in_time)
    service.clock.pass_by(seconds=1)
    assert refused(verify(service, late)) == INVALID
    assert service.http.post(f"/m/{late}").status_code == 400


@pytest.mark.parametrize(
    "text", ["", "x", "tok_x.y", "tok_" + "a" * 22, "tok_" + "a" * 22 + "." + "b" * 22, "ses_" * 9]
)
def test_what_is_no_link(service: Service, text: str) -> None:
    """Text that we never sent is refused with a sentence."""
    answer = verify(service, text)
    assert answer.status_code == 400
    assert answer.get_json()["code"] in {"link_invalid", "invalid_request"}


def test_half_a_link_opens_nothing(service: Service) -> None:
    """The id of a link with another secret is refused, and the link is still good."""
    token = linked(service, new_email())
    assert refused(verify(service, token[:-1] + ("a" if token[-1] != "a" else "b"))) == INVALID
    assert refused(verify(service, f"{token}x")) == INVALID
    signs_in(service, token)


def test_a_link_of_another_purpose(service: Service) -> None:
    """A link to sign in resets no password and proves no email, and no link of those signs in; none is spent by it."""
    me = service.register()
    service.post("/password/forgot", {"email": me["email"]})
    reset, verification = service.link(me["email"], "reset"), service.link(me["email"], "verify")
    token = linked(service, me["email"])
    for other in (reset, verification):
        assert refused(verify(service, other)) == INVALID
        assert service.http.post(f"/m/{other}").status_code == 400
    body = {"token": token, "new_password": "AnotherPassword456!", "abandon_audio": True}
    assert refused(service.post("/password/reset", body)) == INVALID
    assert refused(service.post("/email/verify", {"token": token})) == INVALID
    assert all(is_good(service, each) for each in (reset, verification, token))


def test_a_link_is_bound_to_the_device_that_asked(service: Service) -> None:
    """Another device, none at all, and a browser are refused, and spend nothing; the device itself signs in."""
    email = new_email()
    token = linked(service, email, device_id="mine")
    assert refused(verify(service, token, device_id="another")) == (401, "device_mismatch")
    assert refused(verify(service, token)) == (401, "device_mismatch")
    page = service.http.post(f"/m/{token}")
    assert page.status_code == 401
    assert "asked for on another device" in page.get_data(as_text=True)
    assert "Set-Cookie" not in page.headers
    body = signs_in(service, token, device_id="mine")
    lineage = service.deps.lineages.find(service.deps.refresh_tokens.read(body["refresh_token"]).sid)
    assert lineage is not None
    assert lineage.device_id == "mine"


def test_a_link_without_a_device_binds_the_session_to_whoever_opens_it(service: Service) -> None:
    """Asked for without a device it opens on any; the session belongs to the device that is named then."""
    body = signs_in(service, linked(service, new_email()), device_id="tablet")
    stolen = service.post("/refresh", {"refresh_token": body["refresh_token"], "device_id": "another"})
    assert refused(stolen) == (401, "device_mismatch")


# ── what ends a link ────────────────────────────────────────────────────────────────────────────────────────────────
def test_after_every_session_was_ended(service: Service) -> None:
    """Links that were on their way die with the sessions, those too that were asked for before there was an account."""
    email = new_email()
    asked_as_nobody, first = linked(service, email), linked(service, email)
    body = signs_in(service, first)
    asked_as_somebody = linked(service, email)
    assert service.post("/logout-all", token=body["token"]).status_code == 200
    for token in (asked_as_nobody, asked_as_somebody):
        assert refused(verify(service, token)) == INVALID
    signs_in(service, linked(service, email))


def test_after_the_email_was_changed(service: Service) -> None:
    """A link to the old mailbox signs in nobody and makes nobody, even if somebody else has that email by then."""
    old, new = new_email(), new_email()
    body = signs_in(service, linked(service, old))
    token = linked(service, old)
    headers = {"Authorization": f"Bearer {body['token']}"}
    assert service.http.patch("/api/v1/auth/me", json={"email": new}, headers=headers).status_code == 200
    assert service.post("/email/verify", {"token": service.link(new, "verify")}).status_code == 200
    before = kinds(service)
    assert refused(verify(service, token)) == INVALID
    assert kinds(service) == before
    other = signs_in(service, linked(service, old))
    assert other["user_id"] != body["user_id"]
    assert refused(verify(service, token)) == INVALID


def test_after_the_account_was_deleted(service: Service) -> None:
    """Neither is the account made anew by a link of before, nor do its old access tokens come back to life."""
    email = new_email()
    body = signs_in(service, linked(service, email))
    user = user_of(service, body["user_id"])
    headers = {"Authorization": f"Bearer {body['token']}"}
    assert service.http.delete("/api/v1/auth/me", json={}, headers=headers).status_code == 202
    service.deps.later.finish()
    # a link that was being made while the account was deleted
    deps = service.deps
    crossing = _one_use.issue(
        deps, Purpose.MAGIC_LINK, user, email, timedelta(minutes=5), HERE, deps.clock(), {"sourceFlow": "email"}
    )
    assert refused(verify(service, crossing)) == INVALID
    assert service.deps.users.find(body["user_id"]) is None
    assert not works(service, body["token"])
    anew = signs_in(service, linked(service, email))
    assert anew["user_id"] != body["user_id"]
    assert refused(verify(service, crossing)) == INVALID


def test_while_the_account_is_being_deleted(service: Service) -> None:
    """Between the mark and the end nobody gets in, and nobody new is made in between."""
    email = new_email()
    body = signs_in(service, linked(service, email))
    token = linked(service, email)
    user = leave(service.deps, user_of(service, body["user_id"]))
    assert refused(verify(service, token)) == (403, "access_denied")
    ask(service, email)
    assert "cannot sign in" in service.mails(email)[0]["subject"]
    service.deps.users.delete_person(user.user_id)  # and the claim of the email is still there
    assert refused(verify(service, token)) == (409, "conflict")
    ask(service, email)
    assert "cannot sign in" in service.mails(email)[0]["subject"]
    erase(service.deps, user)
    signs_in(service, linked(service, email))


def test_after_the_account_was_disabled(service: Service) -> None:
    """A disabled account is refused, its link is not spent, and works when the account does."""
    email = new_email()
    body = signs_in(service, linked(service, email))
    token = linked(service, email)
    change(service, body["user_id"], disabled_at=1)
    assert refused(verify(service, token)) == (403, "access_denied")
    change(service, body["user_id"], disabled_at=None)
    signs_in(service, token)


def test_two_links_for_one_new_email(service: Service) -> None:
    """Whoever asked twice before the first sign-in uses either, and has one account."""
    email = new_email()
    links = [linked(service, email) for _ in range(2)]
    bodies = [signs_in(service, each) for each in links]
    assert bodies[0]["user_id"] == bodies[1]["user_id"]
    assert kinds(service)["user"] == 1


def test_an_email_in_another_spelling(service: Service) -> None:
    """Case and spaces around make no second account."""
    email = new_email()
    first = signs_in(service, linked(service, email))
    ask(service, f"  {email.upper()} ")
    assert signs_in(service, service.link(email, "m"))["user_id"] == first["user_id"]


# ── SMS ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_new_phone_makes_an_account_with_a_pending_email(service: Service) -> None:
    """The SMS proves the phone alone: the email waits for its own link, and is nobody's until then."""
    email, phone = new_email(), new_phone()
    token = linked(service, email, flow="sms", phone_number=phone)
    body = signs_in(service, token)
    user = user_of(service, body["user_id"])
    assert (user.phone, user.email, user.pending_email, user.email_verified_at) == (phone, None, email, None)
    item = service.deps.one_use_tokens.get({"tokenId": token.split(".")[0]}) or {}
    assert item["userId"] == body["user_id"]
    assert service.deps.emails.find(email) is None
    assert jwt.decode(body["token"], options={"verify_signature": False})["amr"] == ["sms"]
    again = signs_in(service, linked(service, email, flow="sms", phone_number=phone))
    assert again["user_id"] == body["user_id"]
    assert service.post("/email/verify", {"token": service.link(email, "verify")}).status_code == 200
    proved = signs_in(service, linked(service, email, flow="sms", phone_number=phone))
    assert (proved["user_id"], proved["user"]["email"]) == (body["user_id"], email)


def test_the_phone_of_somebody_else(service: Service) -> None:
    """An SMS to a phone that is not the account's is a refusal, and opens neither account."""
    phone, email = new_phone(), new_email()
    signs_in(service, linked(service, email, flow="sms", phone_number=phone))
    other = signs_in(service, linked(service, new_email()))["user"]["email"]
    before = kinds(service)
    for named in (other, new_email()):
        ask(service, named, flow="sms", phone_number=phone)
        newest = service.mails(phone)[0]["text"]
        assert "no link was made" in newest
        assert "/m/" not in newest
    ask(service, other, flow="sms", phone_number=new_phone())
    assert kinds(service) - before == {"magic_link": 3}


def test_a_phone_that_changed_hands(service: Service) -> None:
    """A link to a phone that is by now another account's, or nobody's, is refused."""
    phone, email = new_phone(), new_email()
    body = signs_in(service, linked(service, email, flow="sms", phone_number=phone))
    token = linked(service, email, flow="sms", phone_number=phone)
    deps, user = service.deps, user_of(service, body["user_id"])
    deps.phones.release(phone, user.user_id)
    change(service, user.user_id, phone_number=None)
    assert refused(verify(service, token)) == INVALID
    stranger = signs_in(service, linked(service, new_email(), flow="sms", phone_number=phone))
    assert stranger["user_id"] != user.user_id
    assert refused(verify(service, token)) == INVALID


def test_a_new_phone_that_got_an_account_meanwhile(service: Service) -> None:
    """A link for a phone of nobody's is refused once the phone has an account that does not know that email."""
    phone, email = new_phone(), new_email()
    token = linked(service, email, flow="sms", phone_number=phone)
    signs_in(service, linked(service, new_email(), flow="sms", phone_number=phone))
    assert refused(verify(service, token)) == INVALID


def test_a_record_of_older_software_is_taken_over(service: Service) -> None:
    """A phone that an old table knows by name only belongs to nobody yet."""
    phone = new_phone()
    service.deps.phones.put({**key("USER", phone), "name": "Ann", "phone_number": phone})
    body = signs_in(service, linked(service, new_email(), flow="sms", phone_number=phone))
    assert (body["user"]["phone_number"], body["user"]["name"]) == (phone, "Ann")


# ── audio keys ──────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_migrated_person_gets_an_audio_key(service: Service) -> None:
    """Somebody who never had one gets it at the first sign-in, with its recovery key, and keeps it."""
    email = new_email()
    body = signs_in(service, linked(service, email))
    missing = dict.fromkeys(("kdf", "kms_wrapped_audio_key", "recovery_wrapped_audio_key", "audio_key_version"))
    change(service, body["user_id"], **missing)
    first, second = (signs_in(service, linked(service, email)) for _ in range(2))
    assert first["recovery_key"]
    assert first["audio_key"] == second["audio_key"] != body["audio_key"]
    assert "recovery_key" not in second


def test_a_password_that_is_set_later_takes_the_audio_key_over(service: Service) -> None:
    """The app gets the same key under the password, and no more from KMS."""
    email = new_email()
    body = signs_in(service, linked(service, email))
    assert service.post("/password/change", {"new_password": PASSWORD}, token=body["token"]).status_code == 200
    again = signs_in(service, linked(service, email))
    assert "audio_key" not in again
    assert b64encode(opened(service, again)).decode() == body["audio_key"]


def test_a_reset_takes_the_audio_key_over_too(service: Service) -> None:
    """Whoever came by links alone sets a first password by mail, gives nothing up, and keeps the audio key."""
    email = new_email()
    body = signs_in(service, linked(service, email))
    service.post("/password/forgot", {"email": email})
    answer = service.post("/password/reset", {"token": service.link(email, "reset"), "new_password": PASSWORD})
    assert answer.status_code == 200
    assert "recovery_key" not in answer.get_json()
    assert b64encode(opened(service, answer.get_json())).decode() == body["audio_key"]


def test_a_password_of_before_takes_the_audio_key_over(service_for: Callable[..., Service]) -> None:
    """Somebody who has registered quietly and proved the email, and came by a link first, keeps the key of that day."""
    service, email = service_for(prevent_enumeration=True, **PATIENT), new_email()
    service.post("/register", {"email": email, "password": PASSWORD})
    assert service.post("/email/verify", {"token": service.link(email, "verify")}).status_code == 200
    body = signs_in(service, linked(service, email))
    assert body["recovery_key"]
    answer = service.post("/login", {"email": email, "password": PASSWORD})
    assert answer.status_code == 200
    assert b64encode(opened(service, answer.get_json())).decode() == body["audio_key"]


def opened(service: Service, body: dict[str, Any]) -> bytes:
    """The audio key that a sign-in gives, opened by the password."""
    wrapping = service.deps.password_keys.derive(PASSWORD, bytes.fromhex(body["key_salt"]), body["kdf"])
    return keys.unwrap(body["wrapped_audio_key"], wrapping, body["user_id"])
