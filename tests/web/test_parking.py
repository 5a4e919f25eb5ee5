"""What waits in a worker: refusals that are given later."""

from __future__ import annotations

import pytest

from panzoto.web.parking import MOST, SECONDS, Park
from tests.support.clocks import Clock

LEAST, LONGEST = SECONDS


@pytest.fixture
def clock() -> Clock:
    """A clock that goes when it is told to."""
    return Clock()


@pytest.fixture
def park(clock: Clock) -> Park:
    """What waits by that clock."""
    return Park(clock)


def taken(park: Park, *waiting: str) -> None:
    """They wait."""
    for each in waiting:
        park.take(each)


def due(park: Park) -> set[str]:
    """Who waits no longer."""
    return set(park.take_due())


def test_an_answer_is_given_after_a_while(park: Park, clock: Clock) -> None:
    """Nobody hears sooner than the shortest while, everybody after the longest, and each once."""
    taken(park, "a", "b", "c")
    clock.goes(LEAST - 0.01)
    assert due(park) == set()
    clock.goes(LONGEST - LEAST + 0.01)
    assert due(park) == {"a", "b", "c"}
    assert due(park) == set()


def test_those_who_came_together_do_not_go_together(park: Park, clock: Clock) -> None:
    """Each waits for a while of its own, and the next who is due is told to be so."""
    taken(park, *(str(number) for number in range(100)))
    quiet = park.quiet_for(10)
    assert LEAST <= quiet < LONGEST
    clock.goes(quiet)
    assert 1 <= len(due(park)) < 100


def test_nobody_waits_where_all_is_over(park: Park) -> None:
    """A worker that stops gives every answer at once."""
    taken(park, "a", "b")
    park.end()
    assert park.quiet_for(10) == 0
    assert due(park) == {"a", "b"}
    assert park.quiet_for(10) == 10


def test_past_so_many_nobody_waits(park: Park) -> None:
    """What is parked is bounded; whoever is too many hears at once."""
    taken(park, *(str(number) for number in range(MOST)), "too many")
    assert due(park) == {"too many"}
