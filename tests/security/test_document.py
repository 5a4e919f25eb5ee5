"""docs/security.md has a row for every requirement of its chapters, and names tests that exist."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from tests.house.source import ROOT, tree

PAGE = (ROOT / "docs/security.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| ([123]) \| [^|]+ \| (met|not applicable|open) \| ([^|]+) \|$", re.MULTILINE)
# How many requirements each section of ASVS 5.0.0 has, chapter by chapter.
SECTIONS = {
    "4": [5, 5, 2, 4],
    "6": [3, 12, 8, 6, 8, 4, 2, 4],
    "7": [3, 4, 2, 5, 3, 2],
    "9": [3, 4],
    "10": [2, 3, 5, 16, 5, 2, 3],
    "11": [4, 5, 5, 4, 2, 2, 2],
    "16": [1, 5, 4, 3, 4],
}
PROMISES = 18


@cache
def written_in(path: str) -> frozenset[str]:
    """The tests of a file."""
    return frozenset(node.name for node in ast.walk(tree(ROOT / path)) if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("path", sorted({path for path, _ in NAMED.findall(PAGE)}))
def test_every_test_that_is_named_exists(path: str) -> None:
    """Whoever looks for the proof finds it."""
    assert (ROOT / path).is_file()
    assert not [name for where, name in NAMED.findall(PAGE) if where == path and name not in written_in(path)]


def test_every_requirement_has_one_row() -> None:
    """No requirement of the chapters is left out or there twice."""
    wanted = [
        f"{chapter}.{section}.{number}"
        for chapter, counts in SECTIONS.items()
        for section, count in enumerate(counts, 1)
        for number in range(1, count + 1)
    ]
    found = [row[0] for row in ROW.findall(PAGE)]
    assert len(found) == len(set(found))
    assert not set(wanted) - set(found)


def test_what_is_met_says_by_what() -> None:
    """A row that says "met" names a test, or the page that is asked for; what is open and is of the gate is listed."""
    rows = ROW.findall(PAGE)
    assert not [number for number, _, state, how in rows if state == "met" and "::" not in how and "](" not in how]
    gate = PAGE.partition("## Open at level 2")[2]
    assert not [
        number for number, level, state, _ in rows if state == "open" and level < "3" and f"- {number}," not in gate
    ]


def test_every_promise_has_its_test() -> None:
    """Each of the promises names a test."""
    promises = re.findall(r"^\| (\d+) \| [^|]+ \| ([^|]+) \|$", PAGE, re.MULTILINE)
    assert [int(number) for number, _ in promises] == list(range(1, PROMISES + 1))
    assert all(NAMED.search(tests) for _, tests in promises)
