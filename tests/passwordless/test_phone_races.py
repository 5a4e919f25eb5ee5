"""Many phones, in processes of their own, that guess, ask and sign in at the same moment."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

import limits
from panzoto.deps import build
from tests.support import phones, races
from tests.support.effort import tries
from tests.support.numbers import new_phone
from tests.support.phones import Answer, Ask

from .conftest import Service, answer, asked, kept, newest_code, outcome, signed_in, texts, wrong

HERD, CROWD, EACH = tries(32, at_home=12), 8, tries(25, at_home=5)
ROUNDS = tries(12, at_home=4)
UNLIMITED = limits.changed(",".join(f"{limit.name}=1000000/1h" for limit in limits.DEFAULTS.each))
FAST = {"rate_limits": UNLIMITED}


@pytest.fixture(scope="module")
def herd() -> Iterator[races.Racers]:
    """Many processes for all races of this module."""
    with races.racers(HERD) as started:
        yield started


@pytest.fixture(scope="module")
def crowd() -> Iterator[races.Racers]:
    """Several processes, of which each asks again and again."""
    with races.racers(CROWD) as started:
        yield started


@pytest.fixture(scope="module")
def pair() -> Iterator[races.Racers]:
    """Two processes."""
    with races.racers(2) as started:
        yield started


def race(service: Service, racers: races.Racers, asks: Sequence[Sequence[Ask]]) -> list[Answer]:
    """What all were answered; the service's time is the processes' again."""
    answers = phones.race(racers, service.deps.config, asks)
    service.clock.now = datetime.now(UTC)
    return [each for process in answers for each in process]


def codes_of(answers: list[Answer]) -> Counter[str]:
    """How often each error was answered; `in` for a sign-in."""
    return Counter("in" if each.status == 200 else each.body["code"] for each in answers)


def guess(phone: str, code: str) -> Ask:
    """A guess."""
    return Ask("POST", "/verify-otp", {"phone_number": phone, "otp": code})


def everybody(service: Service) -> list[dict[str, Any]]:
    """All people there are."""
    return list(build(service.deps.config, operator=True).users.scan())


@pytest.mark.parametrize("most", [5, 1, 7])
def test_many_wrong_guesses(service_for: Callable[..., Service], crowd: races.Racers, most: int) -> None:
    """Of many at once from eight processes OTP_MAX_ATTEMPTS are looked at, no more, and then not the right one either.

    Where the machine is so busy that answers are lost, a charge may count for two: then fewer are looked at.
    """
    service, phone = service_for(**FAST, otp_max_attempts=most), new_phone()
    code = asked(service, phone)
    numbers = [f"{(int(code) + n) % 10**6:06}" for n in range(1, CROWD * EACH + 1)]
    asks = [[guess(phone, number) for number in numbers[n * EACH : (n + 1) * EACH]] for n in range(CROWD)]
    answers = race(service, crowd, asks)
    found = codes_of(answers)
    assert set(found) == {"code_rejected", "code_spent"}
    assert 1 <= found["code_rejected"] <= most
    assert kept(service, phone)["Attempts"] == most
    events = {each["at"] for each in service.deps.audit.all_of(f"phone:{phone}")}
    assert len(events) == found["code_rejected"], "each guess that was looked at is on record"
    assert outcome(service, phone, code) == (429, "code_spent")
    assert everybody(service) == []


@pytest.mark.parametrize("known", [True, False])
def test_a_herd_of_right_guesses(service_for: Callable[..., Service], herd: races.Racers, known: bool) -> None:
    """Of many with the right code one is signed in; there is one person, one claim and one session more."""
    service = service_for(**FAST, otp_max_attempts=20)
    phone = signed_in(service)["phone"] if known else new_phone()
    code = asked(service, phone)
    answers = race(service, herd, [[guess(phone, code)] for _ in range(HERD)])
    found = codes_of(answers)
    assert found["in"] == 1
    assert set(found) <= {"in", "code_rejected", "code_spent"}
    (won,) = [each.body for each in answers if each.status == 200]
    assert [each["user_id"] for each in everybody(service)] == [won["user_id"]]
    assert kept(service, phone, "USER")["user_id"] == won["user_id"]
    assert len(service.deps.sessions.of(won["user_id"])) == (2 if known else 1)
    assert service.get("/me", token=won["token"]).status_code == 200
    assert outcome(service, phone, code) == (401, "code_rejected")


@pytest.mark.parametrize("known", [True, False])
def test_pairs_of_right_guesses(service_for: Callable[..., Service], pair: races.Racers, known: bool) -> None:
    """Of two at once one is signed in, time after time, and the other hears that the code is wrong."""
    service = service_for(**FAST)
    numbers = [signed_in(service)["phone"] if known else new_phone() for _ in range(ROUNDS)]
    asks = [guess(phone, asked(service, phone)) for phone in numbers]
    assert codes_of(race(service, pair, [asks, asks])) == {"in": ROUNDS, "code_rejected": ROUNDS}
    assert len(everybody(service)) == ROUNDS


def test_right_and_wrong_at_once(service_for: Callable[..., Service], crowd: races.Racers) -> None:
    """Among wrong guesses the right one signs in at most once, and no more are looked at than are allowed."""
    service, phone = service_for(**FAST), new_phone()
    code = asked(service, phone)
    asks = [[guess(phone, code if n % 2 else wrong(code)) for _ in range(3)] for n in range(CROWD)]
    found = codes_of(race(service, crowd, asks))
    assert found["in"] <= 1
    assert kept(service, phone)["Attempts"] <= 5
    assert len(everybody(service)) == found["in"]


def test_one_of_many_that_ask_is_sent_a_code(service_for: Callable[..., Service], herd: races.Racers) -> None:
    """Of many that ask for one phone at once one is sent a code, which works; the others wait."""
    service, phone = service_for(**FAST), new_phone()
    ask = Ask("POST", "/initiate-otp", {"phone_number": phone})
    answers = race(service, herd, [[ask] for _ in range(HERD)])
    assert Counter(each.status for each in answers) == {200: 1, 429: HERD - 1}
    assert len(texts(service, phone)) == 1
    assert answer(service, phone, newest_code(service, phone))[0] == 200


def test_the_breaker_holds_for_all_processes(service_for: Callable[..., Service], herd: races.Racers) -> None:
    """Of many that ask for as many phones no more are sent than the breaker allows, and the others hear 429."""
    unlimited = ",".join(f"{limit.name}=1000000/1h" for limit in limits.DEFAULTS.each if limit.name[:3] != "sms")
    service = service_for(**FAST | {"rate_limits": limits.changed(f"{unlimited},sms.everywhere=10/9000h")})
    numbers = [new_phone() for _ in range(HERD)]
    answers = race(service, herd, [[Ask("POST", "/initiate-otp", {"phone_number": each})] for each in numbers])
    found = Counter(each.status for each in answers)
    assert (1 <= found[200] <= 10, found[200] + found[429]) == (True, HERD)
    sent = [phone for phone in numbers if texts(service, phone)]
    assert sent == [phone for phone, each in zip(numbers, answers, strict=True) if each.status == 200]
    windows = [
        each
        for each in build(service.deps.config, operator=True).rates.scan()
        if each["PK"].startswith("RATE#sms.everywhere#")
    ]
    assert sorted((each["Count"], each.get("Closed", False)) for each in windows) == [(10, False), (10, True)]


def test_nothing_lives_of_an_account_that_is_deleted_meanwhile(
    service_for: Callable[..., Service], pair: races.Racers
) -> None:
    """A sign-in by code at the moment of the deletion is nothing that works, or somebody new; no claim is left over."""
    service = service_for(**FAST)
    people = [signed_in(service) for _ in range(ROUNDS)]
    codes = [asked(service, each["phone"]) for each in people]
    late = random.SystemRandom()
    asks = [
        [Ask("DELETE", "/me", {}, each["token"], late.uniform(0, 0.03)) for each in people],
        [guess(each["phone"], code) for each, code in zip(people, codes, strict=True)],
    ]
    deletions, sign_ins = phones.race(pair, service.deps.config, asks)
    service.clock.now = datetime.now(UTC)
    assert {each.status for each in deletions} == {202}
    for person, given in zip(people, sign_ins, strict=True):
        assert given.status in {200, 401, 403, 409}
        assert service.get("/me", token=person["token"]).status_code == 401
        owner = kept(service, person["phone"], "USER").get("user_id")
        if given.status == 200:
            lives = service.get("/me", token=given.body["token"]).status_code == 200
            assert lives is (given.body["user_id"] != person["user_id"])
            assert owner == (given.body["user_id"] if lives else None)
        else:
            assert owner is None
    left = {each["user_id"] for each in everybody(service)}
    assert not left & {person["user_id"] for person in people}
