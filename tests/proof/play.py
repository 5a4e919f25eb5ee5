"""What is played on the stage: acts that cross, and what must hold whatever their order and whoever crashed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from panzoto.errors import PanzotoError
from tests.proof.stage import Act, Outcome
from tests.proof.standing import Standing

Check = Callable[[list[Outcome]], None]


@dataclass(frozen=True)
class Play:
    """The acts of one performance, on people of its own, and the reference that their outcomes are held against."""

    acts: Sequence[Act]
    check: Check


Begin = Callable[[Standing], Play]


def refused(act: Act) -> bool:
    """Whether an act is refused by the rules of the service."""
    try:
        act()
    except PanzotoError:
        return True
    return False


def values(outcomes: Sequence[Outcome]) -> list[Any]:
    """What those returned that were not refused and did not crash."""
    return [each.value for each in outcomes if each.done]


def calm(outcomes: Sequence[Outcome]) -> bool:
    """Whether nobody crashed."""
    return not any(each.crashed for each in outcomes)
