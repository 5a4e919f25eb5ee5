"""Every flow whose safety is the order of its writes, played in each order with few interruptions, and in any drawn."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.proof import play_approvals, play_codes, play_emails, play_jobs, play_sessions, play_vault
from tests.proof.choosing import Way, every_way
from tests.proof.harness import Figures, Place, Size
from tests.proof.play import Begin
from tests.proof.standing import Standing, standing

TITLE = "Interleavings: actors that cross at every call to AWS, and crash or lose an answer at each"
PLAYS: Mapping[str, Begin] = {
    "sign_out": play_sessions.sign_out,
    "reuse": play_sessions.reuse,
    "everywhere": play_sessions.everywhere,
    "approval": play_approvals.approval,
    "phone_code": play_codes.phone_code,
    "magic_link": play_emails.magic_link,
    "email_claim": play_emails.email_claim,
    "decrypt_job": play_jobs.decrypt_job,
}
SETTINGS = {"otp_max_attempts": play_codes.MOST_GUESSES, "decrypt_async_from_bytes": 1}
# How many interruptions and faults are tried in every order.
BOUNDS = [(1, 0), (0, 1), (1, 1), (2, 0)]
LONG, ANY = 300, 1000
# Turn by turn, this way round and that, and the last in the middle of the first: most races show at once.
IN_TURN = [[1] * LONG, [2] * LONG, *([0] * calls + [2] for calls in (7, 10, 4))]


class Broken(Exception):
    """Something did not hold; it says in which order."""


@dataclass
class Tried:
    """How many ways were tried of a play."""

    ways: int = 0
    stops: int = 0
    faults: int = 0


def perform(on: Standing, begin: Begin, way: Way, tried: Tried) -> None:
    """Play once, and hold what came of it against the reference."""
    play, faults = begin(on), way.faults
    outcomes = on.stage.play(play.acts, way)
    tried.ways += 1
    tried.stops += len(way.taken)
    tried.faults += faults - way.faults
    told = " → ".join(way.told)
    if defects := [repr(each.fault) for each in outcomes if each.fault is not None]:
        raise Broken(f"{defects[0]} in {told}")
    try:
        play.check(outcomes)
    except Exception as broken:
        why = " ".join(str(broken).splitlines()[:1]) or type(broken).__name__
        raise Broken(f"{why}; {[repr(each.refusal) for each in outcomes]} in {told}") from broken


def ways() -> Iterator[Way]:
    """In turn, and then all with few interruptions and faults."""
    for numbers in IN_TURN:
        yield Way(numbers, ANY, 0)
    for interruptions, faults in BOUNDS:
        yield from every_way(interruptions, faults)


def search(on: Standing, begin: Begin, most: int, seconds: float, tried: Tried) -> None:
    """As many ways as there are, and as there is time for."""
    ends = time.monotonic() + seconds
    for way in ways():
        if time.monotonic() > ends or tried.ways >= most:
            return
        perform(on, begin, way, tried)


def draw(on: Standing, begin: Begin, many: int, tried: Tried) -> None:
    """So many ways with any number of interruptions, and some faults; what breaks is made as short as can be."""

    @settings(max_examples=many, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.integers(0, 60), max_size=60), st.integers(0, 2))
    def drawn(numbers: list[int], faults: int) -> None:
        perform(on, begin, Way(numbers, ANY, faults), tried)

    drawn()


def prove(place: Place, size: Size) -> Figures:
    """Each play in turn."""
    figures = Figures()
    with play_vault.provided() as (beside, more):
        on = standing(place, **SETTINGS, **beside)
        for name, begin in {**PLAYS, **more}.items():
            tried = Tried()
            try:
                search(on, begin, size.of(3, 10_000), size.of(60, 30), tried)
                if size is Size.FULL:
                    draw(on, begin, 50, tried)
            except Broken as broken:
                figures.violations.append(f"{name}: {broken}")
            figures.add({f"orders of {name}": tried.ways, "stops of actors": tried.stops})
            figures.add({"crashes and lost answers": tried.faults})
    return figures
