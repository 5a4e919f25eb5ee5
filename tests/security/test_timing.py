"""An account that exists takes no other time than one that does not (ASVS 6.3.8): known and unknown, in turns."""

from __future__ import annotations

import secrets
import statistics
import time
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from panzoto.deps import Deps
from panzoto.flows.register import register
from tests.accounts.conftest import PASSWORD
from tests.support.phones import HERE

AUTH = "/api/v1/auth"
ROUND, ROUNDS = 12, 6
# The medians of both differ by less than this share of them. A hash more or less would be several times that, and so
# would a mail that is sent before the answer.
MOST = 0.2
Ask = Callable[[FlaskClient, str], TestResponse]
DOORS: dict[str, Ask] = {
    "login": lambda http, email: http.post(f"{AUTH}/login", json={"email": email, "password": "not the password"}),
    "forgot": lambda http, email: http.post(f"{AUTH}/password/forgot", json={"email": email}),
    "magic-link": lambda http, email: http.post(f"{AUTH}/magic-link", json={"email": email}),
}


def unknown() -> str:
    """An email that nobody has."""
    return f"nobody.{secrets.token_hex(6)}@example.com"


def difference(ask: Ask, http: FlaskClient, known: str, rounds: int = ROUNDS) -> float:
    """By which share the medians differ, when as much was measured as tells it from chance, or as there is time for."""
    took: dict[bool, list[float]] = {True: [], False: []}
    share = 1.0
    for _ in range(rounds):
        for turn in range(2 * ROUND):
            exists = bool(turn % 2)
            began = time.perf_counter()
            ask(http, known if exists else unknown())
            took[exists].append(time.perf_counter() - began)
        medians = [statistics.median(each) for each in took.values()]
        share = abs(medians[0] - medians[1]) / max(medians)
        if share < MOST:
            break
    return share


@pytest.fixture
def known(deps: Deps) -> str:
    """The email of somebody with a password."""
    email = f"ann.{secrets.token_hex(6)}@example.com"
    register(deps, email, PASSWORD, HERE)
    return email


@pytest.mark.parametrize("door", DOORS)
def test_known_and_unknown_take_the_same_time(http: FlaskClient, deps: Deps, known: str, door: str) -> None:
    """The medians are the same but for the noise, and so are status and body but for the ids in it (ASVS 6.3.8)."""
    ours, nobodys = DOORS[door](http, known), DOORS[door](http, unknown())
    assert ours.status_code == nobodys.status_code
    assert {**ours.get_json(), "request_id": ""} == {**nobodys.get_json(), "request_id": ""}
    assert difference(DOORS[door], http, known) < MOST
    deps.later.finish()


def test_a_difference_is_seen(http: FlaskClient, deps: Deps, known: str) -> None:
    """A door that hashes only for those who exist is told from one that always does, however much is measured."""

    def tells(http: FlaskClient, email: str) -> TestResponse:
        if email == known:
            deps.passwords.hash(PASSWORD)
        return DOORS["login"](http, email)

    assert difference(tells, http, known, rounds=1) > MOST
