"""Many processes that record, complete or delete the same recording at one moment."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

import limits
from tests.support import phones, races
from tests.support.effort import tries
from tests.support.phones import Answer, Ask

from .conftest import FILES, MIB, SMALL_PARTS, Phone, items, noise, objects, phone_of, put, put_parts, sweep

HERD = tries(16, at_home=8)
ROUNDS = tries(12, at_home=4)
OFFSET = 0.02
UNLIMITED = limits.changed("upload.account=1000000/1h")


@pytest.fixture(scope="module")
def herd() -> Iterator[races.Racers]:
    """Many processes for all races of this module."""
    with races.racers(HERD) as started:
        yield started


@pytest.fixture(scope="module")
def pair() -> Iterator[races.Racers]:
    """Two processes: one does, the other undoes."""
    with races.racers(2) as started:
        yield started


@pytest.fixture
def phone(phone_for: Callable[..., Phone]) -> Phone:
    """A phone of a service without limits, with small parts."""
    return phone_for(rate_limits=UNLIMITED, **SMALL_PARTS)


def race(phone: Phone, racers: races.Racers, asks: list[list[Ask]]) -> list[list[Answer]]:
    """What each process was answered; the service's time is the processes' again."""
    answers = phones.race(racers, phone.deps.config, asks)
    phone.service.clock.now = datetime.now(UTC)
    return answers


def statuses(answers: list[list[Answer]]) -> Counter[int]:
    """How often each status was answered."""
    return Counter(answer.status for each in answers for answer in each)


def late() -> float:
    """A moment within which two requests cross each other."""
    return random.SystemRandom().uniform(0, OFFSET)


def test_one_of_many_makes_the_record(phone: Phone, herd: races.Racers) -> None:
    """Of 16 records of one upload one is made; all are answered with it."""
    begun = phone.begin(b"x")
    put(begun, b"x")
    ask = Ask("POST", FILES, {"s3_key": begun["s3_key"], "file_size": 1}, phone.token)
    answers = race(phone, herd, [[ask]] * HERD)
    assert statuses(answers) == {201: 1, 200: HERD - 1}
    (file,) = {str(answer.body["audio_file"]) for (answer,) in answers}
    assert begun["file_id"] in file
    assert len(items(phone.deps)) == 1


def test_one_of_many_people_claims_a_key(phone: Phone, herd: races.Racers) -> None:
    """Of 16 people who record the same key one has it; the others hear 409, and there is one record."""
    people = [phone, *(phone_of(phone.service) for _ in range(HERD - 1))]
    body = {"s3_key": "users/test-user/audio-123.3gp", "file_size": 1024}
    answers = race(phone, herd, [[Ask("POST", "/api/audio-file", body, each.token)] for each in people])
    assert statuses(answers) == {201: 1, 409: HERD - 1}
    (item,) = items(phone.deps)
    (won,) = [each for each, (answer,) in zip(people, answers, strict=True) if answer.status == 201]
    assert item["user_id"] == won.user.user_id


def test_completed_by_many(phone: Phone, herd: races.Racers) -> None:
    """Parts that 16 processes put together at once are one object, and every one of them hears that it is done."""
    data = noise(6 * MIB)
    begun = phone.begin(data)
    put_parts(begun, data)
    answers = race(phone, herd, [[Ask("POST", begun["upload"]["complete"], token=phone.token)]] * HERD)
    assert statuses(answers) == {200: HERD}
    assert phone.record(begun, len(data)).status_code == 201


def test_deleted_by_many(phone: Phone, herd: races.Racers) -> None:
    """Of 16 deletions every one hears that it is done, or that there is nothing; and there is nothing."""
    kept = phone.keep()
    answers = race(phone, herd, [[Ask("DELETE", f"{FILES}/{kept['file_id']}", token=phone.token)]] * HERD)
    assert set(statuses(answers)) <= {200, 404}
    assert statuses(answers)[200] >= 1
    assert (items(phone.deps), objects(phone.deps)) == ([], [])


def test_record_against_giving_up(phone: Phone, pair: races.Racers) -> None:
    """Whichever comes first, an upload is recorded with its object, or gone; never a record without its object."""
    uploads = [phone.begin(b"x") for _ in range(ROUNDS)]
    for each in uploads:
        put(each, b"x")
    asks = [
        [Ask("POST", FILES, {"s3_key": each["s3_key"], "file_size": 1}, phone.token, late()) for each in uploads],
        [Ask("DELETE", f"{FILES}/uploads/{each['file_id']}", None, phone.token, late()) for each in uploads],
    ]
    records, ends = race(phone, pair, asks)
    for record, end in zip(records, ends, strict=True):
        assert (record.status, end.status) in {(201, 404), (409, 200)}
    kept = [each["s3_key"] for each, record in zip(uploads, records, strict=True) if record.status == 201]
    assert objects(phone.deps) == sorted(kept)
    assert len(phone.listed()) == len(kept)
    sweep(phone, all_is_old=True)
    assert objects(phone.deps) == sorted(kept)


def test_record_again_against_deletion(phone: Phone, pair: races.Racers) -> None:
    """A phone that asks again for a record while it is deleted hears of the old one, or that there is none any more."""
    kept = [phone.keep() for _ in range(ROUNDS)]
    asks = [
        [Ask("POST", FILES, {"s3_key": each["s3_key"], "file_size": 6}, phone.token, late()) for each in kept],
        [Ask("DELETE", f"{FILES}/{each['file_id']}", None, phone.token, late()) for each in kept],
    ]
    records, ends = race(phone, pair, asks)
    assert statuses([ends]) == {200: ROUNDS}
    assert set(statuses([records])) <= {200, 409}
    assert (items(phone.deps), objects(phone.deps)) == ([], [])
