"""Somebody who is signed in adds a phone, changes it, takes it away; nobody else does it for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from werkzeug.test import TestResponse

from panzoto.deps import build
from panzoto.flows._mail import notify_of_new_phone
from panzoto.models.store.expressions import Change
from tests.accounts.conftest import PASSWORD, new_email
from tests.support import border
from tests.support.numbers import new_phone
from tests.support.people import leave
from tests.support.phones import HERE

from .conftest import (
    DEVICE,
    Service,
    answer,
    asked,
    between_us_and_dynamodb,
    headers,
    kept,
    newest_code,
    outcome,
    signed_in,
    texts,
    wrong,
)

Me = dict[str, Any]


def said(response: TestResponse) -> tuple[int, str | None]:
    """The status of an answer, and the code of its error."""
    return response.status_code, response.get_json().get("code")


def ask(service: Service, me: Me, phone: str, **more: Any) -> TestResponse:
    """Ask for a code that adds a phone."""
    return service.post("/phone", {"phone_number": phone, **more}, token=me["token"])


def prove(service: Service, me: Me, phone: str, code: str, **more: Any) -> TestResponse:
    """Send the code that adds the phone."""
    return service.post("/phone/verify", {"phone_number": phone, "otp": code, **more}, token=me["token"])


def add(service: Service, me: Me, phone: str) -> None:
    """Add a phone."""
    assert said(ask(service, me, phone)) == (200, None)
    response = prove(service, me, phone, newest_code(service, phone))
    assert response.status_code == 200, response.get_json()
    assert response.get_json()["user"]["phone_number"] == phone


def test_nobody_is_told_where_there_is_no_way(service: Service) -> None:
    """An account that a provider alone signs in to has no mailbox, and no older phone, to tell of its first one."""
    me = signed_in(service, new_phone())
    before = service.outbox.messages()
    user = service.deps.users.find(me["user_id"])
    assert user is not None
    notify_of_new_phone(service.deps, replace(user, phone=None), new_phone(), HERE, service.clock())
    service.deps.later.finish()
    assert service.outbox.messages() == before


def remove(service: Service, me: Me, **body: Any) -> TestResponse:
    """Take the phone away."""
    return service.http.delete("/api/v1/auth/phone", json=body, headers=headers(me["token"]))


def claimed_by(service: Service, phone: str) -> str | None:
    """Whose a phone is."""
    return kept(service, phone, "USER").get("user_id")


def actions(service: Service, me: Me) -> list[str]:
    """What is on record of somebody."""
    return [each["action"] for each in service.deps.audit.all_of(me["user_id"])]


def test_a_phone_is_added_and_signs_in(service: Service) -> None:
    """Somebody with an email proves a phone; from then on a code to it signs the same person in, key and all."""
    me, phone = service.register(name="Ann"), new_phone()
    add(service, me, phone)
    assert service.get("/me", token=me["token"]).get_json()["user"]["phone_number"] == phone
    claim = kept(service, phone, "USER")
    assert (claim["user_id"], claim["name"], claim["phone_number"]) == (me["user_id"], "Ann", phone)
    (mail,) = [each for each in service.mails(me["email"]) if "phone" in each["subject"].lower()]
    assert phone not in mail["text"]
    assert phone[-2:] in mail["text"]
    assert "phone_added" in actions(service, me)
    by_code = signed_in(service, phone)
    assert (by_code["user_id"], by_code["user"]["email"]) == (me["user_id"], me["email"])
    assert (by_code["wrapped_audio_key"], by_code["kdf"]) == (me["wrapped_audio_key"], me["kdf"])
    assert "audio_key" not in by_code


def test_a_record_of_older_software_is_claimed(service: Service) -> None:
    """A `USER#` item that names nobody becomes the claim; the name that it has stays in it."""
    me, phone = service.register(name="Ann"), new_phone()
    service.deps.phones.put({"PK": f"USER#{phone}", "SK": "METADATA", "name": "Old", "created_at": "2024"})
    add(service, me, phone)
    claim = kept(service, phone, "USER")
    assert (claim["user_id"], claim["name"], claim["created_at"]) == (me["user_id"], "Old", "2024")


def test_a_phone_is_changed(service: Service) -> None:
    """The new one is claimed and the old one free at the same moment; the old phone hears of it if there is no mail."""
    me, phone = signed_in(service), new_phone()
    add(service, me, phone)
    assert (claimed_by(service, phone), claimed_by(service, me["phone"])) == (me["user_id"], None)
    assert "phone" in texts(service, me["phone"])[0]
    assert "code is" not in texts(service, me["phone"])[0]
    assert "phone_changed" in actions(service, me)
    assert signed_in(service, phone)["user_id"] == me["user_id"]
    assert signed_in(service, me["phone"])["user_id"] != me["user_id"]


def test_the_same_phone_again(service: Service) -> None:
    """Proving the phone that one has changes nothing, and spends the code."""
    me = signed_in(service)
    before = kept(service, me["phone"], "USER")
    add(service, me, me["phone"])
    assert kept(service, me["phone"], "USER") == before
    code = newest_code(service, me["phone"])
    assert said(prove(service, me, me["phone"], code)) == (401, "code_rejected")
    assert "phone_changed" not in actions(service, me)


def test_a_phone_that_somebody_else_has(service: Service) -> None:
    """It stays theirs, though a code to it was right; the asker keeps the phone that they have."""
    theirs, me = signed_in(service), signed_in(service)
    assert said(ask(service, me, theirs["phone"])) == (200, None)
    response = prove(service, me, theirs["phone"], newest_code(service, theirs["phone"]))
    assert said(response) == (409, "phone_taken")
    assert claimed_by(service, theirs["phone"]) == theirs["user_id"]
    assert claimed_by(service, me["phone"]) == me["user_id"]


def test_a_code_is_for_what_it_was_asked_for(service: Service) -> None:
    """What adds a phone signs nobody in, what signs in adds no phone, and neither uses up the other's guesses."""
    me, phone = service.register(), new_phone()
    ask(service, me, phone)
    code = newest_code(service, phone)
    assert [outcome(service, phone, code) for _ in range(6)] == [(401, "code_rejected")] * 6
    assert claimed_by(service, phone) is None
    assert said(prove(service, me, phone, code)) == (200, None)
    other = new_phone()
    code = asked(service, other)
    assert [said(prove(service, me, other, code)) for _ in range(6)] == [(401, "code_rejected")] * 6
    assert claimed_by(service, other) is None
    assert answer(service, other, code)[0] == 200


def test_a_code_adds_the_phone_to_the_account_that_asked(service: Service) -> None:
    """Somebody else who is signed in and has read the code gives the phone to nobody."""
    me, thief, phone = service.register(), service.register(), new_phone()
    ask(service, me, phone)
    code = newest_code(service, phone)
    assert said(prove(service, thief, phone, code)) == (401, "code_rejected")
    assert said(prove(service, me, phone, code)) == (200, None)
    assert claimed_by(service, phone) == me["user_id"]


def test_a_code_adds_the_phone_that_it_came_to(service: Service) -> None:
    """Another phone than the one that was sent the code is not added by it."""
    me, phone, other = service.register(), new_phone(), new_phone()
    ask(service, me, phone)
    assert said(prove(service, me, other, newest_code(service, phone))) == (401, "code_rejected")
    assert (claimed_by(service, phone), claimed_by(service, other)) == (None, None)


def test_a_number_with_a_zero_too_many_is_none(service: Service) -> None:
    """A form whose own form is another number proves and claims nothing: its code would be the other's."""
    me, mine = service.register(), "+449382570046"
    for written in ("+4400" + mine[3:], "+44 0 0 " + mine[3:]):
        assert said(ask(service, me, written)) == (400, "invalid_request")
        assert said(prove(service, me, written, "123456")) == (400, "invalid_request")


def test_device_guesses_and_time(service: Service) -> None:
    """Another device's right code, five wrong ones, and one that comes too late are refused as at a sign-in."""
    me, phone = service.register(), new_phone()
    ask(service, me, phone, device_id=DEVICE)
    code = newest_code(service, phone)
    assert said(prove(service, me, phone, code, device_id="another")) == (401, "code_rejected")
    for _ in range(5):
        assert said(prove(service, me, phone, wrong(code), device_id=DEVICE)) == (401, "code_rejected")
    assert said(prove(service, me, phone, code, device_id=DEVICE)) == (429, "code_spent")
    service.clock.pass_by(seconds=30)
    ask(service, me, phone)
    service.clock.pass_by(minutes=10)
    assert said(prove(service, me, phone, newest_code(service, phone))) == (401, "code_rejected")


def test_it_asks_for_the_password_or_a_recent_sign_in(service: Service) -> None:
    """Long after the sign-in a phone is added or removed only with the password; a wrong one sends no SMS."""
    me, phone = service.register(), new_phone()
    service.clock.pass_by(minutes=6)
    assert said(ask(service, me, phone)) == (403, "recent_sign_in_needed")
    assert said(ask(service, me, phone, current_password="wrong")) == (401, "wrong_password")
    assert (texts(service, phone), kept(service, phone)) == ([], {})
    assert said(ask(service, me, phone, current_password=PASSWORD)) == (200, None)
    assert said(prove(service, me, phone, newest_code(service, phone))) == (200, None)
    assert said(remove(service, me)) == (403, "recent_sign_in_needed")
    assert said(remove(service, me, current_password="wrong")) == (401, "wrong_password")
    assert claimed_by(service, phone) == me["user_id"]
    assert said(remove(service, me, current_password=PASSWORD)) == (200, None)
    assert claimed_by(service, phone) is None


def test_somebody_without_a_password_needs_a_recent_sign_in(service: Service) -> None:
    """No password that could be sent stands for it."""
    me, phone = signed_in(service), new_phone()
    service.clock.pass_by(minutes=6)
    for more in ({}, {"current_password": PASSWORD}):
        assert said(ask(service, me, phone, **more)) == (403, "recent_sign_in_needed")
    add(service, signed_in(service, me["phone"]), phone)
    assert claimed_by(service, phone) == me["user_id"]


def test_the_last_way_in_stays(service: Service) -> None:
    """Somebody who has nothing but the phone, or an email that nobody could sign in by, keeps it."""
    me = signed_in(service)
    assert said(remove(service, me)) == (409, "last_way_in")
    service.deps.users.update({"user_id": me["user_id"]}, Change(set={"email": new_email()}))
    assert said(remove(service, me)) == (409, "last_way_in")
    assert claimed_by(service, me["phone"]) == me["user_id"]
    now = int(service.clock.now.timestamp())
    service.deps.users.update({"user_id": me["user_id"]}, Change(set={"email_verified_at": now}))
    assert said(remove(service, me)) == (200, None)


def test_a_phone_is_removed(service: Service) -> None:
    """Its claim goes, its owner is told by mail, and a second time there is nothing to remove."""
    me, phone = service.register(), new_phone()
    add(service, me, phone)
    mails = len(service.mails(me["email"]))
    assert remove(service, me).get_json() == {"status": "removed"}
    assert service.get("/me", token=me["token"]).get_json()["user"]["phone_number"] is None
    assert (claimed_by(service, phone), "phone_removed" in actions(service, me)) == (None, True)
    assert len(service.mails(me["email"])) == mails + 1
    assert remove(service, me).get_json() == {"status": "removed"}
    assert actions(service, me).count("phone_removed") == 1
    assert signed_in(service, phone)["user_id"] != me["user_id"]


def test_nobody_signed_in_does_nothing(service: Service) -> None:
    """Without a sign-in, with one that has ended, and after the account was disabled, each of the three is refused."""
    me, phone = service.register(), new_phone()
    add(service, me, phone)
    for each in ({"token": "nonsense"}, me):
        if each is me:
            service.deps.users.update({"user_id": me["user_id"]}, Change(set={"disabled_at": 1}))
        code = "token_invalid" if each is not me else "session_ended"
        assert said(ask(service, each, new_phone())) == (401, code)
        assert said(prove(service, each, phone, "123456")) == (401, code)
        assert said(remove(service, each)) == (401, code)
    assert claimed_by(service, phone) == me["user_id"]


def test_another_phone_was_added_meanwhile(service: Service) -> None:
    """Of two phones that are proved at once one is the account's; the other stays free."""
    me, first, second = service.register(), new_phone(), new_phone()
    ask(service, me, first)
    ask(service, me, second)
    codes = {phone: newest_code(service, phone) for phone in (first, second)}
    store, other = between_us_and_dynamodb(service), build(service.deps.config)

    def meanwhile() -> None:
        user = other.users.find(me["user_id"])
        assert user is not None
        other.users.change(user, service.clock.now, {"phone_number": second})

    # the check, the two charges, and the transaction
    store.expect(*[border.through] * 3, border.after(meanwhile, border.through))
    assert said(prove(service, me, first, codes[first])) == (409, "conflict")
    store.expect()
    assert claimed_by(service, first) is None
    assert "OTPHash" in kept(service, first), "a code that did nothing is not spent"


@pytest.mark.parametrize("removing", [False, True])
def test_an_account_that_is_deleted_meanwhile_takes_no_phone(service: Service, removing: bool) -> None:
    """A phone that is added or removed while the account is deleted changes no claim: the deletion releases them."""
    me, phone = service.register(), new_phone()
    if removing:
        add(service, me, phone)
    else:
        ask(service, me, phone)
    store, other = between_us_and_dynamodb(service), build(service.deps.config)

    def meanwhile() -> None:
        user = other.users.find(me["user_id"])
        assert user is not None
        leave(other, user)

    before = 1 if removing else 3
    store.expect(*[border.through] * before, border.after(meanwhile, border.through))
    response = remove(service, me) if removing else prove(service, me, phone, newest_code(service, phone))
    store.expect()
    assert said(response) == (409, "conflict")
    assert claimed_by(service, phone) == (me["user_id"] if removing else None)


def test_a_lost_answer_adds_the_phone_once(service: Service) -> None:
    """A transaction that was done, though nobody told us, is answered with the phone."""
    me, phone = signed_in(service), new_phone()
    ask(service, me, phone)
    code, store = newest_code(service, phone), between_us_and_dynamodb(service)
    store.expect(*[border.through] * 4, border.lost)
    response = prove(service, me, phone, code)
    store.expect()
    assert (response.status_code, response.get_json()["user"]["phone_number"]) == (200, phone)
    assert (claimed_by(service, phone), claimed_by(service, me["phone"])) == (me["user_id"], None)


def test_adding_needs_no_new_sign_in(service: Service) -> None:
    """The sessions go on: it is the notice that tells the owner."""
    me = signed_in(service)
    other = signed_in(service, me["phone"])
    add(service, me, new_phone())
    for each in (me, other):
        assert service.get("/me", token=each["token"]).status_code == 200


def test_people_who_are_remembered(service_for: Callable[..., Service]) -> None:
    """With a cache of people a phone is added, changed and removed by what they are, not by what is remembered."""
    service = service_for(revocation_cache_seconds=300)
    me, first, second = service.register(), new_phone(), new_phone()
    for phone in (first, second):
        add(service, me, phone)
    assert (claimed_by(service, first), claimed_by(service, second)) == (None, me["user_id"])
    assert said(remove(service, me)) == (200, None)
    assert claimed_by(service, second) is None


@pytest.mark.parametrize("gone", [True, False])
def test_a_session_that_is_only_remembered_changes_no_phone(service_for: Callable[..., Service], gone: bool) -> None:
    """Somebody who was deleted, or signed out everywhere, a moment ago hears it here, whatever is remembered."""
    service = service_for(revocation_cache_seconds=300)
    me, phone = service.register(), new_phone()
    ask(service, me, phone)
    if gone:
        service.deps.users.delete_person(me["user_id"])
    else:
        service.deps.users.update({"user_id": me["user_id"]}, Change(add={"session_epoch": 1}))
    assert said(prove(service, me, phone, newest_code(service, phone))) == (401, "session_ended")
    assert said(remove(service, me)) == (401, "session_ended")
    assert claimed_by(service, phone) is None


def test_a_deletion_releases_the_phone_that_was_added(service: Service) -> None:
    """With an account that had a phone besides, the phone's claim goes too."""
    me, phone = service.register(), new_phone()
    add(service, me, phone)
    response = service.http.delete("/api/v1/auth/me", json={}, headers=headers(me["token"]))
    service.deps.later.finish()
    assert (response.status_code, claimed_by(service, phone)) == (202, None)


def test_a_claim_of_somebody_else_is_not_released(service: Service) -> None:
    """A deletion that was interrupted, and whose phone somebody else has by now, takes it from nobody."""
    me = signed_in(service)
    service.deps.phones.release(me["phone"], "another")
    assert claimed_by(service, me["phone"]) == me["user_id"]
    service.deps.phones.release(new_phone(), "another")
