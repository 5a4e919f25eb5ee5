"""Many phones, in processes of their own, that all want what one link gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support import phones, races
from tests.support.effort import tries
from tests.support.numbers import new_phone
from tests.support.phones import Answer, Ask

from .conftest import PASSWORD, PATIENT, Service, ask, code_of, kinds, linked, new_email, signs_in, works

HERD, ROUNDS = tries(32, at_home=8), tries(8, at_home=3)
VERIFY = "/magic-link/verify"


@pytest.fixture(scope="module")
def herd() -> Iterator[races.Racers]:
    """Many processes for all races of this module."""
    with races.racers(HERD) as started:
        yield started


@pytest.fixture(scope="module")
def pair() -> Iterator[races.Racers]:
    """Two processes."""
    with races.racers(2) as started:
        yield started


@pytest.fixture
def service(service_for: Callable[..., Service]) -> Service:
    """The service without limits, which waits for a busy emulator; who wins is what is asked here."""
    return service_for(**PATIENT)


def raced(service: Service, racers: races.Racers, *asks: Ask) -> list[Answer]:
    """What each process was answered; with one request, all of them send it."""
    lists = [[each] for each in asks] if len(asks) > 1 else [list(asks)] * racers.count
    answers = [answer for (answer,) in phones.race(racers, service.deps.config, lists)]
    service.clock.now = datetime.now(UTC)
    return answers


def statuses(answers: list[Answer]) -> Counter[int]:
    """How often each status was answered."""
    return Counter(answer.status for answer in answers)


def won(answers: list[Answer]) -> dict[str, Any]:
    """The one answer that let somebody in."""
    (body,) = [answer.body for answer in answers if answer.status == 200]
    return body


@pytest.mark.parametrize("by", ["email", "sms"])
def test_one_of_many_signs_in_by_a_new_link(service: Service, herd: races.Racers, by: str) -> None:
    """Of many that press at once one is let in, and nothing is left of the others: one person, one session."""
    more = {"flow": "sms", "phone_number": new_phone()} if by == "sms" else {}
    token = linked(service, new_email(), **more)
    answers = raced(service, herd, Ask("POST", VERIFY, {"token": token}))
    assert statuses(answers) == {200: 1, 400: HERD - 1}
    assert works(service, won(answers)["token"])
    left = kinds(service)
    assert (left["user"], left["session"], left["REFRESH_TOKEN"]) == (1, 1, 1)
    assert left["EMAIL"] + left["USER"] == 1


def test_one_of_many_signs_in_again(service: Service, herd: races.Racers) -> None:
    """The same for somebody we know, whose link is spent by a write of its own and no transaction."""
    email = new_email()
    signs_in(service, linked(service, email))
    before = kinds(service)
    answers = raced(service, herd, Ask("POST", VERIFY, {"token": linked(service, email)}))
    assert statuses(answers) == {200: 1, 400: HERD - 1}
    assert kinds(service) - before == {"magic_link": 1, "session": 1, "REFRESH_TOKEN": 1}


def test_one_of_many_takes_an_account_over(service: Service, herd: races.Racers) -> None:
    """The first proof of an email, many times at once: the sessions of before end, and the one that begins does not."""
    me = service.register()
    token = linked(service, me["email"])
    answers = raced(service, herd, Ask("POST", VERIFY, {"token": token}))
    assert statuses(answers) == {200: 1, 400: HERD - 1}
    assert works(service, won(answers)["token"])
    assert not works(service, me["token"])


def test_one_of_many_types_the_code(service: Service, herd: races.Racers) -> None:
    """Five of many are looked at, and one of them is let in."""
    email = new_email()
    request_id = ask(service, email)
    body = {"request_id": request_id, "code": code_of(service, email)}
    answers = raced(service, herd, Ask("POST", VERIFY, body))
    assert statuses(answers) == {200: 1, 400: 4, 429: HERD - 5}
    assert kinds(service)["session"] == 1


def test_five_guesses_are_five(service: Service, herd: races.Racers) -> None:
    """Of many wrong codes at once five are looked at; the others are refused unseen."""
    email = new_email()
    body = {"request_id": ask(service, email), "code": "00000000"}
    assert code_of(service, email) != body["code"]
    answers = raced(service, herd, Ask("POST", VERIFY, body))
    assert statuses(answers) == {401: 5, 429: HERD - 5}


def test_two_links_for_one_new_email(service: Service, pair: races.Racers) -> None:
    """Both let in, and into one account."""
    for _ in range(ROUNDS):
        email = new_email()
        before = kinds(service)
        tokens = [linked(service, email) for _ in range(2)]
        answers = raced(service, pair, *(Ask("POST", VERIFY, {"token": each}) for each in tokens))
        assert statuses(answers) == {200: 2}
        assert len({answer.body["user_id"] for answer in answers}) == 1
        assert [("recovery_key" in answer.body) for answer in answers].count(True) == 1
        made = kinds(service) - before
        assert made == {"user": 1, "EMAIL": 1, "magic_link": 2, "session": 2, "REFRESH_TOKEN": 2}


def test_a_link_against_a_registration(service: Service, pair: races.Racers) -> None:
    """A stranger who registers at that moment has either no account, or one that is the owner's by now."""
    for _ in range(ROUNDS):
        email = new_email()
        token = linked(service, email)
        registration = {"email": email, "password": PASSWORD}
        signed, registered = raced(
            service, pair, Ask("POST", VERIFY, {"token": token}), Ask("POST", "/register", registration)
        )
        assert (signed.status, registered.status) in {(200, 201), (200, 409)}
        assert works(service, signed.body["token"])
        if registered.status == 201:
            assert registered.body["user_id"] == signed.body["user_id"]
            assert not works(service, registered.body["token"])
        assert service.post("/login", registration).status_code == 401


def test_a_link_against_a_deletion(service: Service, pair: races.Racers) -> None:
    """Whoever signs in while the account is deleted is signed out with it, and nobody is made anew."""
    for _ in range(ROUNDS):
        email = new_email()
        body = signs_in(service, linked(service, email))
        token = linked(service, email)
        signed, deleted = raced(
            service, pair, Ask("POST", VERIFY, {"token": token}), Ask("DELETE", "/me", {}, token=body["token"])
        )
        assert deleted.status == 202
        assert signed.status in {200, 400, 403, 409}
        assert service.deps.users.find(body["user_id"]) is None
        assert service.deps.emails.find(email) is None
        assert signed.status != 200 or not works(service, signed.body["token"])
        assert not works(service, body["token"])


def test_a_link_against_the_end_of_all_sessions(service: Service, pair: races.Racers) -> None:
    """Either the link came first and its session ended too, or it signs nobody in."""
    for _ in range(ROUNDS):
        email = new_email()
        body = signs_in(service, linked(service, email))
        token = linked(service, email)
        signed, ended = raced(
            service, pair, Ask("POST", VERIFY, {"token": token}), Ask("POST", "/logout-all", token=body["token"])
        )
        assert ended.status == 200
        assert signed.status in {200, 400}
        assert signed.status != 200 or not works(service, signed.body["token"])
