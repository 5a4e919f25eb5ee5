"""Many processes that want the same thing at the same moment: one has it, and nothing is left of the others."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

import pytest

from panzoto.deps import Deps, build
from tests.support import races
from tests.support.effort import tries
from tests.support.stores import SERVED

from .conftest import Files

pytestmark = pytest.mark.parametrize("deps", SERVED, indirect=True)
PROCESSES = tries(16, at_home=8)


@pytest.fixture(scope="module")
def racers() -> Iterator[races.Racers]:
    """Processes for all races of this module: starting them is what takes the time."""
    with races.racers(PROCESSES) as started:
        yield started


def test_one_of_many_claims_an_email(deps: Deps, racers: races.Racers) -> None:
    """One becomes the first administrator; there is one person, one claim, and they belong together."""
    (winner,) = [each for each in racers.race(deps.config, races.claim) if each is not None]
    operator = build(deps.config, operator=True)
    assert [item["user_id"] for item in operator.users.scan()] == [winner]
    (claimed,) = [item for item in operator.emails.scan() if item["PK"].startswith("EMAIL#")]
    assert claimed == operator.emails.find("first@example.com")
    assert claimed["user_id"] == winner


def test_one_of_many_changes_an_item(deps: Deps, files: Files, racers: races.Racers) -> None:
    """The condition holds for one; the item is as the winner made it."""
    files.put(races.KEY | {"version": 0})
    (winner,) = [each for each in racers.race(deps.config, races.change) if each is not None]
    found = files.get(races.KEY) or {}
    assert (found["version"], found["by"]) == (1, winner)


def test_one_of_many_takes_an_item(deps: Deps, files: Files, racers: races.Racers) -> None:
    """What works once works for one."""
    files.put(races.KEY | {"version": 0})
    won = [each for each in racers.race(deps.config, races.take) if each is not None]
    assert won == [races.KEY | {"version": 0}]
    assert files.get(races.KEY) is None


def test_no_count_is_lost(deps: Deps, files: Files, racers: races.Racers) -> None:
    """Everybody's counts are counted, and no two see the same number."""
    seen: Any = racers.race(deps.config, races.count)
    assert sorted(chain.from_iterable(seen)) == list(range(1, PROCESSES * races.COUNTS + 1))
    assert (files.get(races.KEY) or {})["hits"] == PROCESSES * races.COUNTS
