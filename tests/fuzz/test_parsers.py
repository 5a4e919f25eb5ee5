"""The parsers of ours read what they must, refuse the rest, and the harness sees one that does otherwise."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import strategies as st

from panzoto.errors import TokenInvalid
from tests.fuzz import parsers
from tests.fuzz.parsed import PARSERS, REFRESH, Parser
from tests.fuzz.parsers import prove, tried
from tests.proof.harness import Place, Size


def test_no_parser_gives_way() -> None:
    """All of them, with a few inputs each; `make proof` tries thousands."""
    figures = prove(Place("nowhere"), Size.SHORT)
    assert figures.violations == []
    assert figures.counts["parsers"] == len(PARSERS)
    assert figures.counts["inputs tried"] >= 20 * len(PARSERS)


def breaks(text: str) -> Any:
    """A parser with a defect: a text of two parts makes it stumble."""
    turn = REFRESH.read(text)
    return turn, [][len(text)]


def forgets(text: str) -> Any:
    """A parser that looks at no proof."""
    head, _, _ = text.rpartition(".")
    if not head:
        raise TokenInvalid
    return head


def dawdles(text: str) -> Any:
    """A parser whose time grows with its input."""
    ends = time.thread_time() + min(len(text) * 0.002, 0.015)
    while time.thread_time() < ends:
        pass
    return text


def refuses_all(_: str) -> Any:
    """A parser that reads nothing."""
    raise TokenInvalid


@pytest.mark.parametrize(
    ("read", "problem"),
    [
        (breaks, "it raises IndexError"),
        (forgets, "what was never sealed is read"),
        (dawdles, "it takes longer"),
        (refuses_all, "what is right is refused"),
    ],
)
def test_the_harness_sees_a_defect(monkeypatch: pytest.MonkeyPatch, read: Callable[[str], Any], problem: str) -> None:
    """Another error than its own, a forgery that is read, a slow answer and a wrong refusal are each found."""
    monkeypatch.setattr(parsers, "SECONDS", 0.01)
    broken = Parser(
        read=read,
        real=st.sampled_from([REFRESH.mint("ses_1", turn) for turn in range(5)]),
        refuses=(TokenInvalid,),
        is_sealed=read is not dawdles,
    )
    found = tried(broken, 60, by_luck=False)
    assert any(each.startswith(problem) for each in found.wrong), found.wrong
