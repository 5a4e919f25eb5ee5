"""Every flow whose safety is the order of its writes, played in every order with few interruptions, and in any drawn."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.proof import play_codes, play_emails, play_sessions
from tests.proof.choosing import Way, every_way
from tests.proof.harness import Figures, Place, Size
from tests.proof.play import Begin
from tests.proof.standing import Standing, standing

TITLE = "Interleavings: actors that cross at every call to AWS, and crash or lose an answer at each"
PLAYS: Mapping[str, Begin] = {
    "sign_out": play_sessions.sign_out,
    "reuse": play_sessions.reuse,
    "phone_code": play_codes.phone_code,
    "magic_link": play_emails.magic_link,
    "email_claim": play_emails.email_claim,
}
# How many interruptions and faults are tried in every order, and how many orders are drawn of any.
BOUNDS = [(0, 1), (1, 0), (1, 1), (2, 0)]
MOST_DRAWN, ANY = 40, 1000


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
    try:
        for each in outcomes:
            if each.fault is not None:
                raise each.fault
        play.check(outcomes)
    except Exception as broken:
        raise Broken(f"{type(broken).__name__}: {str(broken).splitlines()[:1]} in {' → '.join(way.told)}") from broken


def search(on: Standing, begin: Begin, seconds: float, most: int, tried: Tried) -> None:
    """All orders with few interruptions and faults, as far as the time goes, then as many of any, drawn."""
    ends = time.monotonic() + seconds
    for interruptions, faults in BOUNDS:
        for way in every_way(interruptions, faults):
            if time.monotonic() > ends or tried.ways >= most:
                break
            perform(on, begin, way, tried)

    @settings(max_examples=MOST_DRAWN, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.integers(0, 60), max_size=60), st.integers(0, 2))
    def drawn(numbers: list[int], faults: int) -> None:
        perform(on, begin, Way(numbers, ANY, faults), tried)

    if most > MOST_DRAWN:
        drawn()


def prove(place: Place, size: Size) -> Figures:
    """Each play in turn."""
    figures = Figures()
    on = standing(place, otp_max_attempts=play_codes.MOST_GUESSES)
    for name, begin in PLAYS.items():
        tried = Tried()
        try:
            search(on, begin, size.of(3, 60), size.of(30, 3000), tried)
        except Broken as broken:
            figures.violations.append(f"{name}: {broken}")
        figures.add({f"orders of {name}": tried.ways, "stops": tried.stops, "crashes and lost answers": tried.faults})
    return figures
