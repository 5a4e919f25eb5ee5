"""Measuring contenders against each other on a machine that does other things too: in rounds, taking turns."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

ROUNDS = 41
SECONDS_OF_A_TURN = 0.02

Act = Callable[[], object]


@dataclass(frozen=True)
class Measured:
    """What one contender took, in microseconds for each call, and how it stands to the first one."""

    name: str
    median: float
    low: float
    high: float
    ratio: float


def compare(contenders: Mapping[str, Act], rounds: int = ROUNDS) -> list[Measured]:
    """Measure each. A round gives each a turn, so that what slows the machine slows them all; ratios are by round."""
    names = list(contenders)
    times: dict[str, list[float]] = {name: [] for name in names}
    calls = {name: _calls_of_a_turn(act) for name, act in contenders.items()}
    for number in range(rounds):
        # Who goes first changes, since the first of a round meets a cache that somebody else has filled.
        for name in names if number % 2 else names[::-1]:
            times[name].append(_turn(contenders[name], calls[name]))
    return [_measured(name, times[name], times[names[0]]) for name in names]


def _measured(name: str, times: list[float], of_first: list[float]) -> Measured:
    quarters = statistics.quantiles(times, n=4)
    ratio = statistics.median(own / first for own, first in zip(times, of_first, strict=True))
    return Measured(name, statistics.median(times) * 1e6, quarters[0] * 1e6, quarters[2] * 1e6, ratio)


def _turn(act: Act, calls: int) -> float:
    """Seconds for each call."""
    began = time.perf_counter()
    for _ in range(calls):
        act()
    return (time.perf_counter() - began) / calls


def _calls_of_a_turn(act: Act) -> int:
    """As many calls as take long enough for the clock, once the code is warm."""
    calls = 1
    while _turn(act, calls) * calls < SECONDS_OF_A_TURN:
        calls *= 2
    return calls
