"""A `make run` for a test, and the end of it whatever the test did."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.local.running import ROOT, Running


@pytest.fixture
def run_in(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Makes runs; those of one test have one data folder unless they are given others."""
    made: list[Running] = []

    def make(data: Path = tmp_path / "data", root: Path = ROOT, **settings: str) -> Running:
        made.append(Running(data, root, **settings))
        return made[-1]

    yield make
    for each in made:
        if hasattr(each, "process"):
            each.kill_all()


@pytest.fixture
def run(run_in: Callable[..., Running]) -> Running:
    """A run, not started yet."""
    return run_in()
