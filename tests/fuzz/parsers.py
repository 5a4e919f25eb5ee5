"""The parsers of ours that read what anybody sends: what they are given is read or refused, at once, and never forged.

Each is tried with what it reads, with the same after some damage, and with anything. It may raise what it refuses with
and nothing else, it may not take long, and what is sealed reads after damage as before, or not at all.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.fuzz.parsed import PARSERS, Parser
from tests.proof.harness import Figures, Place, Size

TITLE = "Tokens, cursors, links, recordings, headers and settings, whole, damaged and invented, for the parsers of ours"
# Of the process's own time, so that a busy machine makes no violation.
SECONDS = 1.0
MOST_EDITS = 3
REPEATED = 2000


@dataclass
class Found:
    """What trying a parser came to: of each kind of violation the shortest input."""

    tried: int = 0
    accepted: int = 0
    wrong: dict[str, Any] = field(default_factory=dict)

    def note(self, problem: str, given: Any) -> None:
        """Keep an input that shows a problem."""
        if problem not in self.wrong or len(given) < len(self.wrong[problem]):
            self.wrong[problem] = given


def prove(_: Place, size: Size) -> Figures:
    """Try them all."""
    figures = Figures()
    for name, parser in PARSERS.items():
        found = tried(parser, size.of(30, 2000), by_luck=size is Size.FULL)
        figures.add({"parsers": 1, "inputs tried": found.tried, "of which were read": found.accepted})
        figures.violations += [f"{name}: {problem}, for {given[:80]!r}" for problem, given in found.wrong.items()]
    return figures


def tried(parser: Parser, examples: int, *, by_luck: bool) -> Found:
    """Try one with so many inputs; `by_luck` others each time."""
    found = Found()

    @settings(
        max_examples=examples,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        derandomize=not by_luck,
        suppress_health_check=list(HealthCheck),
    )
    @given(inputs(parser))
    def attempt(case: tuple[Any, Any]) -> None:
        _attempt(parser, found, *case)

    attempt()
    return found


def inputs(parser: Parser) -> st.SearchStrategy[tuple[Any, Any]]:
    """What a parser is given, and the real thing that it was made of, if any."""
    whole = parser.real.map(lambda real: (real, real))
    damaged = parser.real.flatmap(lambda real: _damaged(real).map(lambda given: (given, real)))
    anything = (st.binary(max_size=300) if parser.of_bytes else st.text(max_size=300)).map(lambda given: (given, None))
    return st.one_of(whole, damaged, damaged, anything)


def _damaged(real: Any) -> st.SearchStrategy[Any]:
    """The same with a few edits: a part is gone, is there many times, or is something else."""
    place, other = st.integers(0, len(real)), st.binary(max_size=4) if isinstance(real, bytes) else st.text(max_size=4)
    edit = st.tuples(place, place, other, st.sampled_from([0, 0, 1, 2, REPEATED]))
    return st.lists(edit, min_size=1, max_size=MOST_EDITS).map(lambda edits: _edited(real, edits))


def _edited(real: Any, edits: list[tuple[int, int, Any, int]]) -> Any:
    for first, last, other, times in edits:
        start, stop = sorted((first, last))
        real = real[:start] + real[start:stop] * times + other + real[stop:]
    return real


def _attempt(parser: Parser, found: Found, given: Any, real: Any) -> None:
    """Let it read one input, and judge."""
    found.tried += 1
    began = time.thread_time()
    try:
        read = parser.read(given)
    except parser.refuses:
        if given == real:
            found.note("what is right is refused", given)
    except Exception as fault:  # noqa: BLE001 (whatever else it is, it is what is looked for)
        found.note(f"it raises {type(fault).__name__}", given)
    else:
        found.accepted += 1
        if parser.is_sealed and (real is None or read != parser.read(real)):
            found.note("what was never sealed is read", given)
    if time.thread_time() - began > SECONDS:
        found.note(f"it takes longer than {SECONDS:.0f} s", given)
