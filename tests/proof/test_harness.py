"""The page of figures, and the list of harnesses that it is made of."""

from __future__ import annotations

import pytest

from tests.proof.__main__ import shown
from tests.proof.harness import HARNESSES, Figures, harness


@pytest.mark.parametrize("name", HARNESSES)
def test_each_that_is_listed_can_be_run(name: str) -> None:
    """It says what it tries to break, and tries."""
    found = harness(name)
    assert found.TITLE
    assert callable(found.prove)


def test_the_page() -> None:
    """Every figure has a line, and of what did not hold the first are told and the others counted."""
    figures = Figures(missing="nginx is not installed")
    figures.add({"requests": 1200, "faults": 3})
    figures.add({"requests": 34})
    figures.violations = [f"number {number}" for number in range(7)]
    page = shown("Something", figures, 1.2)
    assert page.splitlines()[:2] == ["Something (1 s)", "  not run: nginx is not installed"]
    assert [line.split() for line in page.splitlines()[2:4]] == [["1,234", "requests"], ["3", "faults"]]
    assert page.count("VIOLATION") == 5
    assert "and 2 more" in page
