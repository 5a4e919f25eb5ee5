"""The two calls of a list, which need nothing of each other, one after the other and side by side in two threads.

DynamoDB is 4 ms away. What it saves somebody who is alone is time; what it costs where eight ask at once is CPU, which
is what a process runs out of first. Figures of a crowd are for each list, by the time that eight threads take for all.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from benchmarks.account import USER_ID, account
from benchmarks.canned import answering
from benchmarks.measuring import Act, Measured, Turn, compare, compare_turns
from panzoto.deps import Deps, build
from tests.support.configs import configured

VERSIONS_OF = ("boto3",)
ROUNDS = 21
FAR = 0.004
CROWD = 8


def run() -> list[Measured]:
    """Time of one alone, its CPU, and what a crowd takes."""
    known = account()
    with answering(known.rules, FAR) as address, ThreadPoolExecutor(CROWD) as beside:
        acts = _acts(build(configured("111111111111", address)), beside)
        with ThreadPoolExecutor(CROWD) as crowd:
            crowds = {f"{name}, in a crowd": _crowded(act, crowd) for name, act in acts.items()}
            in_a_crowd = compare_turns(crowds, ROUNDS)
        alone = compare({f"{name}, alone": act for name, act in acts.items()}, ROUNDS)
        cpu = compare({f"{name}, CPU": act for name, act in acts.items()}, ROUNDS, time.process_time)
    return [*alone, *cpu, *in_a_crowd]


def _acts(deps: Deps, beside: ThreadPoolExecutor) -> dict[str, Act]:
    def person() -> object:
        return deps.users.find(USER_ID)

    def recordings() -> object:
        return deps.audio_files.page(USER_ID, limit=25, cursor=None)

    def side_by_side() -> object:
        waiting = beside.submit(recordings)
        return person(), waiting.result()

    return {"one after the other": lambda: (person(), recordings()), "side by side": side_by_side}


def _crowded(act: Act, crowd: ThreadPoolExecutor) -> Turn:
    """Eight who do it at once, and again."""

    def turn(calls: int) -> float:
        began = time.perf_counter()
        for done in [crowd.submit(_often, act, calls) for _ in range(CROWD)]:
            done.result()
        return (time.perf_counter() - began) / calls / CROWD

    return turn


def _often(act: Act, calls: int) -> None:
    for _ in range(calls):
        act()
