"""Phones in processes of their own that sign in while an operator, in another, ends the approval."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from panzoto.deps import Deps
from panzoto.errors import Conflict, NotApproved, SessionEnded, WrongPassword
from panzoto.flows.approvals import approve, end_approval
from panzoto.flows.login import login as sign_in
from panzoto.flows.refresh import refresh as go_on
from tests.support import races
from tests.support.phones import HERE

from .conftest import APPROVED, BY, PASSWORD, Service, login, member, refused, works

PHONES = 5
ROUNDS = 5
OFFSET = 0.08
SOON = timedelta(minutes=5)  # before an access token would have ended by itself
PATIENT = {**APPROVED, "dynamodb_deadline": timedelta(seconds=60)}


@pytest.fixture(scope="module")
def racers() -> Iterator[races.Racers]:
    """An operator and several phones."""
    with races.racers(PHONES + 1) as started:
        yield started


@pytest.fixture
def service(service_for: Callable[..., Service]) -> Service:
    """The service, patient: so many at once on a busy machine may wait."""
    return service_for(**PATIENT)


def crossing(deps: Deps, number: int, *, email: str, token: str, shortened: bool) -> tuple[str, str] | None:
    """The first process ends the approval, or has it end soon; the others sign in, and one of them refreshes."""
    ends = time.perf_counter() + random.SystemRandom().uniform(0, OFFSET)
    while time.perf_counter() < ends:
        pass  # a sleep is not as exact as the moment that a race is about
    try:
        if number == 0:
            _undo(deps, email, shortened=shortened)
            return None
        if number == 1:
            gone_on = go_on(deps, token, None, HERE)
            return gone_on.access_token, gone_on.refresh_token
        signed_in = sign_in(deps, email, PASSWORD, HERE)
    except (NotApproved, SessionEnded, WrongPassword, Conflict):
        return None
    return signed_in.access_token, signed_in.refresh_token


def _undo(deps: Deps, email: str, *, shortened: bool) -> None:
    if shortened:
        approve(deps, email, BY, expires_at=deps.clock() + SOON)
    else:
        end_approval(deps, email, BY)


def crossed(service: Service, racers: races.Racers, *, shortened: bool) -> tuple[str, list[dict[str, str]]]:
    """Somebody's email, and the tokens that the phones were given."""
    tokens = member(service)
    act = partial(crossing, email=tokens["email"], token=tokens["refresh_token"], shortened=shortened)
    given = racers.race(service.deps.config, act)
    service.clock.now = datetime.now(UTC)
    pairs = [dict(zip(("token", "refresh_token"), each, strict=True)) for each in given if isinstance(each, tuple)]
    return tokens["email"], [{"token": tokens["token"], "refresh_token": tokens["refresh_token"]}, *pairs]


def goes_on(service: Service, tokens: dict[str, str]) -> dict[str, str] | None:
    """What a refresh token gives, if anything."""
    answer = service.post("/refresh", {"refresh_token": tokens["refresh_token"]})
    assert answer.status_code in {200, 401}
    return answer.get_json() if answer.status_code == 200 else None


def test_whoever_crosses_a_removal_is_out(service: Service, racers: races.Racers) -> None:
    """When the operator and the phones are done no token that any phone was given works, and none refreshes."""
    for _ in range(ROUNDS):
        email, given = crossed(service, racers, shortened=False)
        assert not [each for each in given if works(service, each)]
        assert not [each for each in given if goes_on(service, each)]
        assert refused(login(service, email))


def test_whoever_crosses_a_shortening_is_out_in_time(service: Service, racers: races.Racers) -> None:
    """Some are signed out by it, and must come again; at the end nobody is in."""
    for _ in range(ROUNDS):
        email, given = crossed(service, racers, shortened=True)
        given += [each for each in (goes_on(service, each) for each in given) if each]
        assert login(service, email).status_code == 200
        service.clock.now += SOON + timedelta(seconds=1)
        assert not [each for each in given if works(service, each)]
        assert not [each for each in given if goes_on(service, each)]
        service.clock.now = datetime.now(UTC)
