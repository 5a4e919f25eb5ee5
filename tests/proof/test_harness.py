"""The page of figures, and the list of harnesses that it is made of."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.proof.__main__ import main, shown
from tests.proof.harness import HARNESSES, Figures, Place, Size, harness
from tests.security import attacks


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


def test_a_harness_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever names it is told which there are."""
    assert main(["fuzz"]) == 1
    assert "there are: interleavings, faults, load, requests, parsers, attacks" in capsys.readouterr().err


def test_an_attack_that_succeeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is named; the others are counted."""
    (tmp_path / "test_two.py").write_text("def test_right():\n    pass\n\n\ndef test_wrong():\n    assert 0\n")
    monkeypatch.setattr(attacks, "HERE", tmp_path)
    figures = attacks.prove(Place("nowhere"), Size.SHORT)
    assert (figures.counts["attacks"], len(figures.violations)) == (2, 1)
    assert figures.violations[0].endswith("::test_wrong")
