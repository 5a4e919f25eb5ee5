"""Signing in by a code that came as an SMS: the items of the seed, and everybody whom the code was not sent to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from panzoto.crypto.codes import Codes
from panzoto.crypto.digests import derived_key
from panzoto.deps import build
from panzoto.errors import CodeRejected
from panzoto.flows._codes import guess_code, send_code
from panzoto.flows._phones import Phone
from panzoto.flows.verify_otp import verify_otp
from panzoto.models.auth_state.otps import SIGN_IN
from panzoto.models.auth_state.rates import Part
from panzoto.models.store.expressions import Change
from tests.accounts.conftest import replace_gate, service_with
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
    between_us_and_kms,
    charges,
    headers,
    kept,
    newest_code,
    outcome,
    signed_in,
    texts,
    wrong,
)

REJECTED = (401, "code_rejected")
SPENT = (429, "code_spent")


def test_the_item_of_a_code(service: Service) -> None:
    """It has the seed's attributes, and ends when the code does."""
    phone, now = new_phone(), int(service.clock.now.timestamp())
    code = asked(service, phone)
    item = kept(service, phone)
    profile = service.deps.passwords.profile.numbers
    assert item.pop("OTPHash").startswith("$argon2id$v=19$m={},t={},p={}$".format(*profile))
    assert item == {
        "PK": f"OTP#{phone}",
        "SK": "METADATA",
        "Phone": phone,
        "Attempts": 0,
        "CreatedAt": now,
        "ExpiresAt": now + 600,
        "TTL": now + 600,
        "Purpose": "sign_in",
        "Device": None,
        "AskedFrom": Part.of("code.network", "127.0.0.1").mark,
    }
    assert (len(code), code.isdigit()) == (6, True)


def test_no_code_is_kept_in_clear(service_for: Callable[..., Service]) -> None:
    """No table has the code, nor has an export: of its ten digits none stand together anywhere by chance."""
    service, phone = service_for(otp_length=10), new_phone()
    code = asked(service, phone)
    assert outcome(service, phone, wrong(code)) == REJECTED
    operator = build(service.deps.config, operator=True)
    for table in (operator.otps, operator.sessions, operator.users, operator.audit):
        assert code not in repr(list(table.scan()))
    me = signed_in_by(service, phone, code)
    assert code not in service.get("/export", token=me["token"]).get_data(as_text=True)
    assert kept(service, phone, "OTP_TEST") == {}


def signed_in_by(service: Service, phone: str, code: str) -> dict[str, Any]:
    """Somebody who has signed in by this code."""
    status, body = answer(service, phone, code)
    assert status == 200, body
    return body


def test_what_the_asker_is_told(service: Service) -> None:
    """How long the code works, and when the next may be asked for; never the code."""
    response = service.post("/initiate-otp", {"phone_number": new_phone()})
    assert response.get_json() == {"status": "code_sent", "expires_in": 600, "resend_after": 30}


def test_codes_as_they_are_configured(service_for: Callable[..., Service]) -> None:
    """OTP_LENGTH, OTP_EXPIRY and OTP_MAX_ATTEMPTS say what they mean; the SMS names the site that may fill it in."""
    short = {"otp_expiry": timedelta(seconds=45), "otp_max_attempts": 2, "otp_length": 8}
    service = service_for(**short, public_url="https://app.example.com")
    phone = new_phone()
    code = asked(service, phone)
    assert texts(service, phone) == [
        f"Panzoto: your code is {code}. It works for 1 minute. Do not share it.\n\n@app.example.com #{code}"
    ]
    assert len(code) == 8
    assert [outcome(service, phone, wrong(code)) for _ in range(3)] == [REJECTED, REJECTED, SPENT]
    service.clock.pass_by(seconds=31)
    code = asked(service, phone)
    service.clock.pass_by(seconds=45)
    assert outcome(service, phone, code) == REJECTED


def test_the_code_in_clear_for_tests(service_for: Callable[..., Service]) -> None:
    """With OTP_TEST_MODE the seed's item holds the code that was sent; a code that was not sent is in none."""
    service, phone = service_for(otp_test_mode=True), new_phone()
    now = int(service.clock.now.timestamp())
    code = asked(service, phone)
    assert kept(service, phone, "OTP_TEST") == {
        "PK": f"OTP_TEST#{phone}",
        "SK": "METADATA",
        "OTP": code,
        "ExpiresAt": now + 600,
        "TTL": now + 600,
    }
    assert answer(service, phone, code)[0] == 200


def test_a_code_that_was_not_sent_stands_nowhere_in_clear(service_for: Callable[..., Service]) -> None:
    """A test would take it for one that works."""
    service, phone = service_for(otp_test_mode=True, sms_sender="none"), new_phone()
    assert service.post("/initiate-otp", {"phone_number": phone}).status_code == 501
    assert kept(service, phone, "OTP_TEST") == {}


def test_the_first_sign_in_makes_the_person(service: Service) -> None:
    """The phone is claimed with the seed's attributes, and the answer is that of every sign-in."""
    phone = new_phone()
    me = signed_in(service, phone, device_id=DEVICE)
    assert me["user"] == {
        "user_id": me["user_id"],
        "email": None,
        "email_verified": False,
        "name": None,
        "phone_number": phone,
        "created_at": service.clock.now.isoformat(),
        "roles": [],
        "has_password": False,
        "password_suspended": False,
        "recovery_key_confirmed": False,
    }
    assert (me["token_type"], me["kdf"], me["wrapped_audio_key"]) == ("Bearer", None, None)
    assert len(bytes.fromhex(me["key_salt"])) == 32
    assert {"recovery_key", "audio_key", "refresh_token", "expires_in"} <= set(me)
    assert kept(service, phone, "USER") == {
        "PK": f"USER#{phone}",
        "SK": "METADATA",
        "user_id": me["user_id"],
        "phone_number": phone,
        "name": None,
        "created_at": service.clock.now.isoformat(),
        "updated_at": service.clock.now.isoformat(),
    }
    claims = service.deps.access_tokens.read(me["token"], service.clock.now)
    assert (claims.user_id, claims.amr) == (me["user_id"], ("otp",))
    lineage = kept(service, claims.sid or "", "REFRESH_TOKEN")
    assert (lineage["Phone"], lineage["UserID"]) == (phone, me["user_id"])
    (session,) = service.get("/sessions", token=me["token"]).get_json()["sessions"]
    assert (session["signed_in_by"], session["current"]) == ("otp", True)
    events = [each["action"] for each in service.get("/export", token=me["token"]).get_json()["events"]]
    assert sorted(events) == ["exported", "registered", "sign_in"]


def test_the_second_sign_in_finds_the_person(service: Service) -> None:
    """Whoever comes again is the same person, with the same audio key, and is shown no second recovery key."""
    first = signed_in(service)
    again = signed_in(service, first["phone"])
    same = ("user_id", "user", "key_salt", "audio_key")
    assert [again[name] for name in same] == [first[name] for name in same]
    assert "recovery_key" not in again
    assert again["token"] != first["token"]
    assert service.get("/me", token=first["token"]).status_code == 200


def test_a_session_is_refreshed_by_its_device_alone(service: Service) -> None:
    """A sign-in by code with `device_id` binds the session to the device, as every sign-in does."""
    me = signed_in(service, device_id=DEVICE)
    body = {"refresh_token": me["refresh_token"]}
    assert service.post("/refresh", {**body, "device_id": "another"}).get_json()["code"] == "device_mismatch"
    assert service.post("/refresh", {**body, "device_id": DEVICE}).status_code == 200


def test_a_code_works_once(service: Service) -> None:
    """The second time it is as wrong as any, and what is left of it holds nothing to compare with."""
    phone = new_phone()
    code = asked(service, phone)
    assert answer(service, phone, code)[0] == 200
    assert [outcome(service, phone, code), outcome(service, phone, wrong(code))] == [REJECTED, REJECTED]
    assert "OTPHash" not in kept(service, phone)
    assert kept(service, phone)["Used"] is True


def test_a_new_code_ends_the_old_one(service: Service) -> None:
    """Of two codes to one phone the newer works, with all of its guesses."""
    phone = new_phone()
    first = asked(service, phone)
    assert outcome(service, phone, wrong(first)) == REJECTED
    service.clock.pass_by(seconds=30)
    second = asked(service, phone)
    assert kept(service, phone)["Attempts"] == 0
    if first != second:
        assert outcome(service, phone, first) == REJECTED
    assert answer(service, phone, second)[0] == 200


def test_guesses_end(service: Service) -> None:
    """Five are looked at; then the right one is refused too, with the time after which a new code may be asked for."""
    phone = new_phone()
    code = asked(service, phone)
    assert [outcome(service, phone, wrong(code)) for _ in range(5)] == [REJECTED] * 5
    service.clock.pass_by(seconds=10)
    response = service.post("/verify-otp", {"phone_number": phone, "otp": code})
    assert (response.status_code, response.get_json()["code"]) == SPENT
    assert response.headers["Retry-After"] == "20"
    assert kept(service, phone)["Attempts"] == 5
    service.clock.pass_by(seconds=20)
    assert service.post("/verify-otp", {"phone_number": phone, "otp": code}).headers["Retry-After"] == "1"
    assert answer(service, phone, asked(service, phone))[0] == 200


def test_the_last_guess_counts(service: Service) -> None:
    """The fifth guess may be the right one."""
    phone = new_phone()
    code = asked(service, phone)
    assert [outcome(service, phone, wrong(code)) for _ in range(4)] == [REJECTED] * 4
    assert answer(service, phone, code)[0] == 200


def test_wrong_guesses_are_on_record(service: Service) -> None:
    """What was guessed wrong is an event of the phone, and charged to it; a right guess is neither."""
    phone = new_phone()
    code = asked(service, phone)
    assert (outcome(service, phone, wrong(code)), charges(service, "code.phone", phone)) == (REJECTED, 2)
    assert [each["action"] for each in service.deps.audit.all_of(f"phone:{phone}")] == ["code_rejected"]
    assert answer(service, phone, code)[0] == 200
    assert charges(service, "code.phone", phone) == 2


def test_a_code_ends_with_its_time(service: Service) -> None:
    """A second before its end it works; at its end it does not, though its item is still there."""
    phone = new_phone()
    code = asked(service, phone)
    service.clock.pass_by(minutes=10)
    assert outcome(service, phone, code) == REJECTED
    assert kept(service, phone)["Attempts"] == 0
    service.clock.pass_by(seconds=-1)
    assert answer(service, phone, code)[0] == 200


@pytest.mark.parametrize("other", [{}, {"device_id": "another"}, {"device_id": DEVICE.upper()}])
def test_a_code_works_on_the_device_that_asked(service: Service, other: dict[str, str]) -> None:
    """On another device, or on one that says nothing, the right code is wrong, and uses up nobody's guesses."""
    phone = new_phone()
    code = asked(service, phone, device_id=DEVICE)
    assert [outcome(service, phone, code, **other) for _ in range(7)] == [REJECTED] * 7
    assert kept(service, phone)["Attempts"] == 0
    assert answer(service, phone, code, device_id=DEVICE)[0] == 200


def test_strangers_do_not_hear_that_guesses_are_spent(service: Service) -> None:
    """Of a code whose guesses are spent only the device that asked hears it."""
    phone = new_phone()
    code = asked(service, phone, device_id=DEVICE)
    for _ in range(5):
        outcome(service, phone, wrong(code), device_id=DEVICE)
    assert outcome(service, phone, code, device_id=DEVICE) == SPENT
    assert outcome(service, phone, code, device_id="another") == REJECTED
    service.clock.pass_by(minutes=10)
    assert outcome(service, phone, code, device_id=DEVICE) == REJECTED


def test_a_code_asked_for_without_a_device_works_anywhere(service: Service) -> None:
    """Who names no device has a code that any device may type, and a session that is the typing device's."""
    phone = new_phone()
    assert answer(service, phone, asked(service, phone), device_id=DEVICE)[0] == 200


def test_the_code_of_another_phone(service: Service) -> None:
    """A code is its phone's: at another phone it is wrong, whether that one was sent a code or not."""
    mine, other, nobodys = new_phone(), new_phone(), new_phone()
    code, others = asked(service, mine), asked(service, other)
    if code != others:
        assert outcome(service, other, code) == REJECTED
    assert outcome(service, nobodys, code) == REJECTED
    assert answer(service, mine, code)[0] == 200
    assert kept(service, nobodys) == {}


def test_a_hash_that_was_carried_to_another_phone(service: Service) -> None:
    """Whoever can write items, but not read the pepper, cannot make the code of one phone another's."""
    mine, theirs = new_phone(), signed_in(service)["phone"]
    code = asked(service, mine)
    item = service.deps.otps.get({"PK": f"OTP#{mine}", "SK": "METADATA"}) or {}
    service.deps.otps.put({**item, "PK": f"OTP#{theirs}", "Phone": theirs})
    assert outcome(service, theirs, code) == REJECTED


NO_PHONE: list[Any] = [None, 1, 1.5, True, [], {}, "", " ", "a", "+", "1" * 10_000, "+1" + "4" * 10_000, "+1415555\x00"]
NO_CODE: list[Any] = [None, 123456, 1.5, False, [], {}, "", "1", "123", "1" * 13, "1" * 10_000, "12\x003456"]


@pytest.mark.parametrize("path", ["/initiate-otp", "/verify-otp", "/phone", "/phone/verify"])
def test_bodies_that_are_none(service: Service, path: str) -> None:
    """Wrong types, nothing, too much, NUL and unknown fields are refused with a sentence, before anything is done."""
    token = service.register()["token"]
    good = {"phone_number": new_phone(), **({"otp": "123456"} if path.endswith(("otp", "verify")) else {})}
    good = {"phone_number": good["phone_number"]} if path == "/initiate-otp" else good
    bad: list[Any] = [{}, {**good, "more": 1}, {**good, "device_id": ""}, {**good, "device_id": "é"}]
    bad += [{**good, "device_id": 7}, {**good, "device_id": "d" * 129}, [good], "text", None]
    bad += [{**good, "phone_number": each} for each in NO_PHONE]
    if "otp" in good:
        bad += [{**good, "otp": each} for each in NO_CODE]
    for body in bad:
        response = service.post(path, body, token=token)
        assert response.status_code in {400, 415}, body
        assert set(response.get_json()) - {"details"} == {"error", "code", "request_id"}
    assert kept(service, good["phone_number"]) == {}


@pytest.mark.parametrize(
    "code",
    ["abcdef", "\uff11\uff12\uff13\uff14\uff15\uff16", "٠١٢٣٤٥", "      ", "12345é", "-12345", "1e5000", "😀😀😀😀"],
)
def test_codes_that_nobody_was_sent(service: Service, code: str) -> None:
    """Letters, digits of other scripts and signs are wrong codes, no more."""
    phone = new_phone()
    right = asked(service, phone)
    assert outcome(service, phone, code) == REJECTED
    assert outcome(service, phone, f" {right}") == REJECTED
    assert answer(service, phone, right)[0] == 200


@pytest.mark.parametrize("mark", ["disabled_at", "deleting_at"])
def test_people_who_may_not_sign_in(service: Service, mark: str) -> None:
    """Somebody disabled, or on the way out, is refused by the right code, which is not spent, and gets no session."""
    me = signed_in(service)
    service.deps.users.update({"user_id": me["user_id"]}, Change(set={mark: int(service.clock.now.timestamp())}))
    code = asked(service, me["phone"])
    assert outcome(service, me["phone"], code) == (403, "access_denied")
    assert len(service.deps.sessions.of(me["user_id"])) == 1
    service.deps.users.update({"user_id": me["user_id"]}, Change(remove=[mark]))
    assert answer(service, me["phone"], code)[1]["user_id"] == me["user_id"]


def test_a_person_who_was_disabled_at_that_moment(service: Service) -> None:
    """Whoever is disabled between the check and the end of the sign-in holds tokens that do not work."""
    me = signed_in(service)
    code = asked(service, me["phone"])
    store, user = between_us_and_dynamodb(service), service.deps.users.find(me["user_id"])
    assert user is not None
    other = build(service.deps.config)
    reading = [border.through] * 4  # two charges, the claim, the person
    store.expect(*reading, border.after(lambda: leave(other, user), border.through))
    status, body = answer(service, me["phone"], code)
    store.expect()
    assert status == 200
    assert service.get("/me", token=body["token"]).get_json()["code"] == "session_ended"


def test_a_phone_alone_is_not_approved(service_for: Callable[..., Service]) -> None:
    """Where only approved emails may sign in, somebody new with a phone is nobody: no key is made, no code spent."""
    service, phone = service_for(registration_policy="approved"), new_phone()
    code, kms = asked(service, phone), between_us_and_kms(service)
    assert outcome(service, phone, code) == (403, "not_approved")
    assert (kms.requests, kept(service, phone, "USER"), "OTPHash" in kept(service, phone)) == ([], {}, True)


def test_kms_that_is_down_spends_no_code(service: Service) -> None:
    """Neither somebody new nor somebody known gets in without their key; code and guess are there when KMS is again."""
    known = signed_in(service)
    kms = between_us_and_kms(service)
    for phone in (new_phone(), known["phone"]):
        code = asked(service, phone)
        kms.expect(then=border.refuses("DisabledException"))
        response = service.post("/verify-otp", {"phone_number": phone, "otp": code})
        assert (response.status_code, response.get_json()["code"]) == (503, "keys_unavailable")
        assert response.headers["Retry-After"] == "5"
        assert kept(service, phone)["Attempts"] == 0
        kms.expect()
        assert answer(service, phone, code)[0] == 200


def test_a_store_that_is_down(service_for: Callable[..., Service]) -> None:
    """Nothing is sent and nobody gets in: 503 with a time, and when the store is back the code works."""
    patient, phone = service_for(), new_phone()
    code = asked(patient, phone)
    deps = build(replace(patient.deps.config, dynamodb_deadline=timedelta(milliseconds=200)))
    service = replace(patient, deps=replace(deps, clock=patient.clock), http=service_with(patient, deps))
    store = between_us_and_dynamodb(service)
    down = border.fails(ReadTimeoutError(endpoint_url="lost"))
    for calls in range(5):  # as many as it takes
        store.expect(*[border.through] * calls, then=down)
        other = new_phone()
        response = service.post("/initiate-otp", {"phone_number": other})
        assert (response.status_code, response.get_json()["code"]) == (503, "unavailable")
        assert texts(service, other) == []
    store.expect(then=down)
    response = service.post("/verify-otp", {"phone_number": phone, "otp": code})
    assert (response.status_code, int(response.headers["Retry-After"]) > 0) == (503, True)
    assert answer(patient, phone, code)[0] == 200


def test_a_guess_that_nobody_could_look_at_is_given_back(service: Service) -> None:
    """A busy process answers 503 and takes no guess; a code that it could not make is charged to nobody."""
    phone, other = new_phone(), new_phone()
    code = asked(service, phone)
    deps = replace_gate(service, waiting=0)
    busy = replace(deps, codes=Codes(derived_key(deps.config.secret_key, "codes/v1"), deps.passwords, 6))
    http = service_with(service, busy)
    with busy.passwords.gate.passing():
        for body in ({"phone_number": phone, "otp": wrong(code)}, {"phone_number": other, "otp": code}):
            response = http.post("/api/v1/auth/verify-otp", json=body)
            assert (response.status_code, response.get_json()["code"]) == (503, "overloaded")
        response = http.post("/api/v1/auth/initiate-otp", json={"phone_number": other})
        assert (response.status_code, response.get_json()["code"]) == (503, "overloaded")
    assert kept(service, phone)["Attempts"] == 0
    assert (kept(service, other), texts(service, other), charges(service, "code.phone", other)) == ({}, [], 0)
    assert charges(service, "sms.everywhere", "all") == 1


def test_a_guess_is_given_back_to_its_own_code_alone(service: Service) -> None:
    """A guess at a code that was replaced or used meanwhile takes nothing from the next one."""
    phone, deps = new_phone(), service.deps
    code, place = asked(service, phone), Phone(phone, "US")
    first = guess_code(deps, place, SIGN_IN, code, None, HERE, service.clock.now)
    service.clock.pass_by(seconds=30)
    code = asked(service, phone)
    assert outcome(service, phone, wrong(code)) == REJECTED
    deps.otps.give_back(first)
    assert kept(service, phone)["Attempts"] == 1


def test_a_lost_answer_counts_a_guess_once(service: Service) -> None:
    """A guess whose charge was done, though nobody told us, is one guess and is looked at."""
    phone = new_phone()
    code, store = asked(service, phone), between_us_and_dynamodb(service)
    store.expect(border.through, border.lost, border.lost)
    assert outcome(service, phone, wrong(code)) == REJECTED
    assert kept(service, phone)["Attempts"] == 1
    for _ in range(3):
        outcome(service, phone, wrong(code))
    store.expect(border.through, border.lost)
    assert answer(service, phone, code)[0] == 200


@pytest.mark.parametrize("known", [True, False])
def test_a_lost_answer_to_the_redeeming_is_our_own(service: Service, known: bool) -> None:
    """Somebody whose code was spent by an attempt that nobody answered is signed in by it, and nobody else is."""
    phone = signed_in(service)["phone"] if known else new_phone()
    code, store = asked(service, phone), between_us_and_dynamodb(service)
    before = [border.through] * (4 if known else 3)
    store.expect(*before, border.lost, border.lost)
    assert answer(service, phone, code)[0] == 200
    lost = store.requests[len(before)]
    assert ("TransactItems" in lost) is not known
    assert store.requests[len(before) + 1] == lost
    store.expect()
    assert outcome(service, phone, code) == REJECTED


def test_a_lost_answer_to_the_keeping_sends_one_code(service: Service) -> None:
    """A code that was kept, though nobody told us, is sent once, and works."""
    phone, store = new_phone(), between_us_and_dynamodb(service)
    store.expect(*[border.through] * 4, border.lost)
    code = asked(service, phone)
    assert store.requests[4] == store.requests[5]
    store.expect()
    assert len(texts(service, phone)) == 1
    assert answer(service, phone, code)[0] == 200


def test_a_code_that_expires_while_it_is_looked_at(service: Service) -> None:
    """The write that spends it asks for the time once more; the time is that of the request's beginning."""
    phone, deps = new_phone(), service.deps
    code, place = asked(service, phone), Phone(phone, "US")
    otp = guess_code(deps, place, SIGN_IN, code, None, HERE, service.clock.now)
    with pytest.raises(CodeRejected):
        deps.otps.redeem(otp, otp.expires_at)
    deps.otps.redeem(otp, service.clock.now)


def test_a_record_of_older_software_is_adopted(service: Service) -> None:
    """A `USER#` item that names nobody becomes the claim of whoever proves the phone; its name and birth are kept."""
    phone = new_phone()
    old = {"phone_number": phone, "name": "Ann", "created_at": "2024-05-01T10:00:00Z", "updated_at": "2024-05-02"}
    service.deps.phones.put({"PK": f"USER#{phone}", "SK": "METADATA", **old})
    me = signed_in(service, phone)
    assert me["user"]["name"] == "Ann"
    claim = kept(service, phone, "USER")
    assert (claim["user_id"], claim["name"], claim["created_at"]) == (me["user_id"], "Ann", old["created_at"])
    assert claim["updated_at"] == service.clock.now.isoformat()
    assert signed_in(service, phone)["user_id"] == me["user_id"]


def test_a_code_of_older_software(service: Service) -> None:
    """A code that the old backend left works nowhere, says nothing of its guesses, and keeps nobody waiting."""
    phone = new_phone()
    old = {"OTPHash": "$2a$10$" + "a" * 53, "Phone": phone, "Attempts": 9}
    times = {"CreatedAt": "2999-01-01T00:00:00Z", "ExpiresAt": "2999-01-01T00:10:00Z", "TTL": 32472144000}
    service.deps.otps.put({"PK": f"OTP#{phone}", "SK": "METADATA", **old, **times})
    assert outcome(service, phone, "123456") == REJECTED
    assert signed_in(service, phone)["user"]["phone_number"] == phone


def test_somebody_else_comes_first(service: Service) -> None:
    """Whoever loses the making of the person to another sign-in of the same phone finds the person, and is let in."""
    phone = new_phone()
    code, store = asked(service, phone), between_us_and_dynamodb(service)
    rival = build(service.deps.config)

    def claim() -> None:
        now = service.clock.now
        item = {"user_id": "rival", "key_salt": "", "created_at_iso": now.isoformat(), "phone_number": phone}
        rival.users.put(item)
        rival.phones.update({"PK": f"USER#{phone}", "SK": "METADATA"}, Change(set={"user_id": "rival"}))

    store.expect(*[border.through] * 3, border.after(claim, border.through))
    status, body = answer(service, phone, code)
    store.expect()
    assert (status, body["user_id"]) == (200, "rival")
    assert body["recovery_key"]
    assert [each["user_id"] for each in build(service.deps.config, operator=True).users.scan()] == ["rival"]


def test_a_claim_whose_person_is_gone(service: Service) -> None:
    """Where a deletion has taken the person and not yet the claim, a sign-in is told to come again and makes nobody."""
    phone = signed_in(service)["phone"]
    service.deps.users.delete_person(kept(service, phone, "USER")["user_id"])
    assert outcome(service, phone, asked(service, phone)) == (409, "conflict")


def test_a_deleted_account_leaves_the_phone(service: Service) -> None:
    """With the account go its claim and its codes; whoever has the phone then is somebody new."""
    me = signed_in(service)
    asked(service, me["phone"])
    response = service.http.delete("/api/v1/auth/me", json={}, headers=headers(me["token"]))
    assert response.status_code == 202
    service.deps.later.finish()
    assert [kept(service, me["phone"], kind) for kind in ("OTP", "OTP_TEST", "USER")] == [{}, {}, {}]
    assert signed_in(service, me["phone"])["user_id"] != me["user_id"]


def test_an_export_shows_the_phone(service: Service) -> None:
    """Whoever asks for everything finds the phone, in the person and in the sessions."""
    me = signed_in(service)
    body = service.get("/export", token=me["token"]).get_json()
    assert body["user"]["phone_number"] == me["phone"]
    assert [each["phoneNumber"] for each in body["sessions"]] == [me["phone"]]


def test_tokens_are_not_kept_by_caches(service: Service) -> None:
    """What holds tokens is `no-store`."""
    phone = new_phone()
    response = service.post("/verify-otp", {"phone_number": phone, "otp": asked(service, phone)})
    assert "no-store" in response.headers["Cache-Control"]


def test_the_flows_read_one_clock(service: Service) -> None:
    """A code whose guess begins in time is redeemed in time: the flow has one time, its beginning."""
    phone = new_phone()
    code = asked(service, phone)
    times = iter([service.clock.now, datetime.max.replace(tzinfo=UTC)])
    deps = replace(service.deps, clock=lambda: next(times))
    assert verify_otp(deps, phone, code, None, HERE).user.phone == phone


def test_the_newest_code_is_the_one_that_came(service: Service) -> None:
    """Two that ask at the same moment: one is sent, the other is told to wait, and is charged nothing."""
    phone, store = new_phone(), between_us_and_dynamodb(service)
    other = build(service.deps.config)
    now = service.clock.now
    first = border.after(lambda: send_code(other, Phone(phone, "US"), SIGN_IN, None, HERE, now), border.through)
    store.expect(*[border.through] * 4, first)
    response = service.post("/initiate-otp", {"phone_number": phone})
    store.expect()
    assert (response.status_code, response.headers["Retry-After"]) == (429, "30")
    assert (len(texts(service, phone)), charges(service, "code.phone", phone)) == (1, 1)
    assert charges(service, "sms.everywhere", "all") == 1
    assert answer(service, phone, newest_code(service, phone))[0] == 200
