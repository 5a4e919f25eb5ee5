"""An approval that ends while somebody comes in by a provider: before each of the calls, and after the last."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from panzoto.deps import Deps, build
from tests.accounts.conftest import Service
from tests.approvals.conftest import APPROVED, approved, lives
from tests.approvals.test_crossings import SOON, Come, crossed, shortened, taken_away
from tests.oauth.conftest import OAuth, at, new_name
from tests.oauth.hostile import Hostile

Way = Callable[[OAuth, Hostile, Service], tuple[str, Come]]


@pytest.fixture
def oauth(oauth_for: Callable[..., OAuth], told: Hostile) -> OAuth:
    """The service beside that provider, patient: what happens between two of its calls is no fault of the store."""
    return oauth_for(at(told.issuer), **APPROVED, dynamodb_deadline=timedelta(seconds=60))


@pytest.fixture
def elsewhere(oauth: OAuth) -> Deps:
    """What an operator's command stands on, in another process."""
    return replace(build(oauth.deps.config), clock=oauth.service.clock)


def the_first_time(oauth: OAuth, told: Hostile, service: Service) -> tuple[str, Come]:
    """The sign-in makes the account."""
    told.subject = new_name()
    return approved(service, f"{told.subject}@people.example"), oauth.shows_code


def again(oauth: OAuth, told: Hostile, service: Service) -> tuple[str, Come]:
    """The account is there."""
    email, come = the_first_time(oauth, told, service)
    assert come().status_code == 200
    return email, come


@pytest.mark.parametrize("way", [the_first_time, again])
def test_no_session_begins_without_its_approval(oauth: OAuth, told: Hostile, elsewhere: Deps, way: Way) -> None:
    """Wherever a removal crosses a sign-in, it is refused, or what it gave is dead when both are done."""
    answers = []
    for answer in crossed(oauth.service, elsewhere, partial(way, oauth, told), taken_away):
        answers.append(answer.status_code)
        assert answer.status_code != 200 or not lives(oauth.service, answer.get_json())
    assert (answers[0], answers[-1]) == (403, 200), "the first call comes after the removal, the last before it"


@pytest.mark.parametrize("way", [the_first_time, again])
def test_no_session_outlasts_a_shortened_approval(oauth: OAuth, told: Hostile, elsewhere: Deps, way: Way) -> None:
    """Wherever it crosses a sign-in, whatever works when both are done ends with the approval."""
    for answer in crossed(oauth.service, elsewhere, partial(way, oauth, told), shortened):
        assert answer.status_code == 200
        oauth.service.clock.now += SOON
        assert not lives(oauth.service, answer.get_json())
        oauth.service.clock.now -= SOON  # the provider's tokens are of today
