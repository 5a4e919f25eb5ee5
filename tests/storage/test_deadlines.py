"""How long a request can be held by a store that is slow, silent or refusing: never longer than its deadline."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import timedelta

import pytest
from botocore.exceptions import ReadTimeoutError
from hypothesis import given, settings
from hypothesis import strategies as st

from panzoto.deps import build
from panzoto.errors import StoreUnavailable
from panzoto.models.store import ledger
from tests.support import border, servers
from tests.support.configs import configured
from tests.support.ministack import free_port
from tests.support.rigs import ATTEMPT, DEADLINE, NOWHERE, Rig

KEY = {"file_id": "f"}
FINE = border.says(200, {})
SLOW = border.fails(ReadTimeoutError(endpoint_url=NOWHERE))
BUSY = border.refuses("ThrottlingException")
SHORT = 1.0


@pytest.fixture
def rig() -> Rig:
    """A gateway whose answers the test writes."""
    return Rig()


# ── on the real clock ───────────────────────────────────────────────────────────────────────────────────────────
def took(endpoint: str) -> float:
    """How long a read waits before it ends as an outage, with a short deadline."""
    users = build(configured("111111111111", endpoint, dynamodb_deadline=timedelta(seconds=SHORT))).users
    began = time.monotonic()
    with pytest.raises(StoreUnavailable) as raised:
        users.find("u")
    assert raised.value.retry_after
    assert type(raised.value) is StoreUnavailable
    return time.monotonic() - began


@pytest.mark.parametrize(
    "behave", [servers.silent, servers.stopping, servers.hanging_up, servers.babbling, servers.breaking_off]
)
def test_a_bad_server_is_an_outage_within_the_deadline(behave: servers.Behave) -> None:
    """One that accepts and says nothing, stops half way, hangs up, or speaks something else."""
    with servers.behaving(behave) as endpoint:
        assert took(endpoint) <= SHORT


def test_nobody_listening_is_an_outage_within_the_deadline() -> None:
    """A refused connection."""
    assert took(f"http://127.0.0.1:{free_port()}") <= SHORT


# ── on a clock that goes when it is told to ─────────────────────────────────────────────────────────────────────
@settings(max_examples=60)
@given(st.lists(st.tuples(st.floats(0, ATTEMPT), st.sampled_from([SLOW, BUSY, FINE])), min_size=3, max_size=15))
def test_no_course_of_events_holds_a_request_longer(course: list[tuple[float, border.Step]]) -> None:
    """Fast or slow, failing or not, and however many calls it makes: all its calls together end within the deadline."""
    rig = Rig()
    rig.meets(*[rig.takes(seconds, step) for seconds, step in course], then=rig.takes(ATTEMPT, SLOW))
    began = rig.clock()
    with ledger.keep("test") as entry, suppress(StoreUnavailable):
        while True:
            rig.files.get(KEY)
    assert rig.clock() - began <= DEADLINE + 1e-9
    assert entry.waited == pytest.approx(rig.clock() - began)


def test_the_time_that_a_request_spends_elsewhere_is_its_own(rig: Rig) -> None:
    """A long stream or a slow hash takes nothing from what the request may wait for DynamoDB."""
    with ledger.keep("test") as entry:
        for _ in range(3):
            rig.meets(rig.takes(0.1, BUSY), then=rig.takes(0.1, FINE))
            rig.files.get(KEY)
            rig.clock.goes(3600)
    assert entry.waited < 1
    assert (entry.trips, entry.retries) == (6, 3)


def test_every_call_outside_a_request_has_the_deadline_for_itself(rig: Rig) -> None:
    """A command goes on as long as each of its calls is answered in time."""
    rig.meets(then=rig.takes(2, FINE))
    for _ in range(10):
        rig.files.get(KEY)
    assert rig.attempts == 10


def test_a_slow_store_leaves_no_time_for_another_attempt(rig: Rig) -> None:
    """An attempt that could end after the deadline is not begun."""
    rig.meets(then=rig.takes(ATTEMPT, SLOW))
    began = rig.clock()
    with pytest.raises(StoreUnavailable):
        rig.files.get(KEY)
    assert rig.attempts == 1
    assert rig.clock() - began == ATTEMPT


def test_a_request_that_has_waited_too_long_does_not_ask_again(rig: Rig) -> None:
    """The calls before it were answered, but so late that this one could not be in time."""
    rig.meets(then=rig.takes(1.3, FINE))
    with ledger.keep("test"):
        rig.files.get(KEY)
        rig.files.get(KEY)
        with pytest.raises(StoreUnavailable) as raised:
            rig.files.get(KEY)
    assert raised.value.retry_after
    assert rig.attempts == 2


def test_ledgers_do_not_mix(rig: Rig) -> None:
    """What is spent inside one is not counted in the one around it, which goes on afterwards."""
    rig.meets(then=FINE)
    with ledger.keep("outer") as outer:
        rig.files.get(KEY)
        with ledger.keep("inner") as inner:
            rig.files.get(KEY)
            rig.files.get(KEY)
        rig.files.get(KEY)
    rig.files.get(KEY)
    assert (outer.trips, inner.trips) == (2, 2)
