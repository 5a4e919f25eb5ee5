"""Measuring contenders against each other on a machine that does other things too: in rounds, taking turns."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

ROUNDS = 41
SECONDS_OF_A_TURN = 0.02

Act = Callable[[], object]
Clock = Callable[[], float]
# Makes so many calls, and says how many seconds each took.
Turn = Callable[[int], float]


@dataclass(frozen=True)
class Measured:
    """What one contender took, in microseconds for each call, and how it stands to the first one."""

    name: str
    median: float
    low: float
    high: float
    ratio: float


def compare(contenders: Mapping[str, Act], rounds: int = ROUNDS, clock: Clock = time.perf_counter) -> list[Measured]:
    """Measure each. A round gives each a turn, so that what slows the machine slows them all; ratios are by round."""
    return compare_turns({name: timed(act, clock) for name, act in contenders.items()}, rounds)


def compare_turns(contenders: Mapping[str, Turn], rounds: int = ROUNDS) -> list[Measured]:
    """The same for contenders who keep the time themselves, such as those in a process of their own."""
    names = list(contenders)
    times: dict[str, list[float]] = {name: [] for name in names}
    calls = {name: _calls_of_a_turn(turn) for name, turn in contenders.items()}
    for number in range(rounds):
        # Who goes first changes, since the first of a round meets a cache that somebody else has filled.
        for name in names if number % 2 else names[::-1]:
            times[name].append(contenders[name](calls[name]))
    return [measured(name, times[name], times[names[0]]) for name in names]


def measured(name: str, times: list[float], of_first: list[float]) -> Measured:
    """One contender, by the seconds that it took in each round, and those of the first one."""
    quarters = statistics.quantiles(times, n=4)
    ratio = statistics.median(own / first for own, first in zip(times, of_first, strict=True))
    return Measured(name, statistics.median(times) * 1e6, quarters[0] * 1e6, quarters[2] * 1e6, ratio)


def timed(act: Act, clock: Clock = time.perf_counter) -> Turn:
    """The turns of what is called in this process; `time.process_time` counts its CPU alone."""
    return partial(_turn, act, clock)


def _turn(act: Act, clock: Clock, calls: int) -> float:
    """Seconds for each call."""
    began = clock()
    for _ in range(calls):
        act()
    return (clock() - began) / calls


def _calls_of_a_turn(turn: Turn) -> int:
    """As many calls as take long enough for the clock, once the code is warm."""
    calls = 1
    while turn(calls) * calls < SECONDS_OF_A_TURN:
        calls *= 2
    return calls
