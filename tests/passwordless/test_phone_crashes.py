"""The process ends before the first, the second, … of a flow's calls: nobody comes in twice, and nobody is kept out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import limits
from panzoto.flows.delete_me import erase
from tests.accounts.test_crashes import Crash, Crashes
from tests.support.numbers import new_phone

from .conftest import (
    Service,
    answer,
    asked,
    between_us_and_kms,
    between_us_and_sns,
    charges,
    headers,
    kept,
    newest_code,
    outcome,
    signed_in,
    texts,
)

UNLIMITED = limits.changed(",".join(f"{limit.name}=1000000/1h" for limit in limits.DEFAULTS.each))
Me = dict[str, Any]


@pytest.fixture
def service(service_for: Callable[..., Service]) -> Service:
    """The service without limits."""
    return service_for(rate_limits=UNLIMITED)


@pytest.fixture
def crashes(service: Service) -> Crashes:
    """Crashes of the service, at its calls to DynamoDB."""
    return Crashes(service)


def owner(service: Service, phone: str) -> str | None:
    """Whose a phone is; whoever it is, is there and has it."""
    claimed: str | None = kept(service, phone, "USER").get("user_id")
    if claimed is not None:
        user = service.deps.users.find(claimed)
        assert user is not None, "a claim without its person"
        assert user.phone == phone
    return claimed


def next_code(service: Service, phone: str) -> str:
    """A new code, when it may be asked for."""
    service.clock.pass_by(seconds=30)
    return asked(service, phone)


def test_asking(service: Service, crashes: Crashes) -> None:
    """What was not sent is known to nobody, and after the delay at the latest there is a code that works."""

    def ask(phone: str) -> None:
        service.post("/initiate-otp", {"phone_number": phone})

    for phone in crashes.each(ask, new_phone):
        assert len(texts(service, phone)) <= 1
        assert owner(service, phone) is None
        assert answer(service, phone, next_code(service, phone))[0] == 200


@pytest.mark.parametrize("known", [True, False])
def test_signing_in(service: Service, crashes: Crashes, known: bool) -> None:
    """Either the code is still there, or it is spent; the person is made with it or not at all, and comes in again."""

    def prepare() -> tuple[str, str]:
        phone = signed_in(service)["phone"] if known else new_phone()
        return phone, asked(service, phone)

    for phone, code in crashes.each(lambda each: answer(service, *each), prepare):
        before = owner(service, phone)
        assert (before is not None) is (known or "OTPHash" not in kept(service, phone))
        status, body = answer(service, phone, code)
        assert (status, body.get("code")) in {(200, None), (401, "code_rejected")}
        if status == 401:
            assert "OTPHash" not in kept(service, phone)
            status, body = answer(service, phone, next_code(service, phone))
        assert status == 200
        assert body["user_id"] == owner(service, phone)
        assert before in {None, body["user_id"]}
        assert service.get("/me", token=body["token"]).status_code == 200
        assert len(body["audio_key"]) == 44


def test_a_wrong_guess(service: Service, crashes: Crashes) -> None:
    """A guess that nobody answered is charged or not, and never more than once; the right one is let in."""

    def prepare() -> tuple[str, str]:
        phone = new_phone()
        return phone, asked(service, phone)

    def guess(each: tuple[str, str]) -> None:
        answer(service, each[0], "000000x")

    for phone, code in crashes.each(guess, prepare):
        assert kept(service, phone)["Attempts"] <= 1
        assert answer(service, phone, code)[0] == 200


def added(service: Service, me: Me, phone: str) -> int:
    """The status of proving a phone, by the code that came last."""
    body = {"phone_number": phone, "otp": newest_code(service, phone)}
    return service.post("/phone/verify", body, token=me["token"]).status_code


@pytest.mark.parametrize("changing", [True, False])
def test_adding_a_phone(service: Service, crashes: Crashes, changing: bool) -> None:
    """The account has one phone and its claim, the old or the new; the other is free, and the code spent with it."""

    def prepare() -> tuple[Me, str]:
        me, wanted = signed_in(service) if changing else service.register(), new_phone()
        assert service.post("/phone", {"phone_number": wanted}, token=me["token"]).status_code == 200
        return me, wanted

    for me, wanted in crashes.each(lambda each: added(service, *each), prepare):
        has = service.get("/me", token=me["token"]).get_json()["user"]["phone_number"]
        assert has in {wanted, me.get("phone")}
        assert owner(service, wanted) == (me["user_id"] if has == wanted else None)
        if changing:
            assert owner(service, me["phone"]) == (None if has == wanted else me["user_id"])
        assert added(service, me, wanted) == (401 if has == wanted else 200)
        assert owner(service, wanted) == me["user_id"]


def test_removing_a_phone(service: Service, crashes: Crashes) -> None:
    """The account has the phone and its claim, or neither; asking again removes it."""

    def prepare() -> tuple[Me, str]:
        me, phone = service.register(), new_phone()
        service.post("/phone", {"phone_number": phone}, token=me["token"])
        assert added(service, me, phone) == 200
        return me, phone

    def remove(each: tuple[Me, str]) -> int:
        response = service.http.delete("/api/v1/auth/phone", json={}, headers=headers(each[0]["token"]))
        return response.status_code

    for me, phone in crashes.each(remove, prepare):
        has = service.get("/me", token=me["token"]).get_json()["user"]["phone_number"]
        assert owner(service, phone) == (me["user_id"] if has else None)
        assert remove((me, phone)) == 200
        assert owner(service, phone) is None


def test_deleting(service: Service, crashes: Crashes) -> None:
    """Either the account is as it was, or its code signs nobody in; beginning again frees the phone."""
    deps = service.deps

    def delete(me: Me) -> None:
        service.http.delete("/api/v1/auth/me", json={}, headers=headers(me["token"]))

    for me in crashes.each(delete, lambda: signed_in(service)):
        user = deps.users.find(me["user_id"])
        if user is not None and user.deleting_at is None:
            assert signed_in(service, me["phone"])["user_id"] == me["user_id"]
            continue
        if user is not None:
            claimed = kept(service, me["phone"], "USER").get("user_id")
            assert claimed in {None, me["user_id"]}
            if claimed:
                assert outcome(service, me["phone"], next_code(service, me["phone"])) == (403, "access_denied")
            erase(deps, user)
        assert kept(service, me["phone"], "USER") == {}
        service.clock.pass_by(seconds=30)
        assert signed_in(service, me["phone"])["user_id"] != me["user_id"]


def test_at_the_sender(service: Service) -> None:
    """A crash while the SMS is handed over leaves a code that nobody was told of, or one that came and works."""
    phone, sns = new_phone(), between_us_and_sns(service)

    def crash(*_: object) -> None:
        raise Crash

    sns.expect(crash)
    with pytest.raises(Crash):
        service.post("/initiate-otp", {"phone_number": phone})
    assert (texts(service, phone), charges(service, "code.phone", phone)) == ([], 1)
    assert service.post("/initiate-otp", {"phone_number": phone}).status_code == 429
    assert answer(service, phone, next_code(service, phone))[0] == 200


def test_at_the_keys(service: Service) -> None:
    """A crash while KMS makes or opens the audio key costs a guess, and neither the code nor the phone."""
    phone, kms = new_phone(), between_us_and_kms(service)
    code = asked(service, phone)

    def crash(*_: object) -> None:
        raise Crash

    for _ in range(2):  # the key is wrapped, and then opened
        kms.expect(crash)
        with pytest.raises(Crash):
            answer(service, phone, code)
    kms.expect()
    assert (kept(service, phone)["Attempts"], owner(service, phone)) == (2, None)
    assert answer(service, phone, code)[0] == 200
