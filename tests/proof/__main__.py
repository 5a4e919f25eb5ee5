"""`make proof`: every harness in full, or those that are named, and one page of figures; 1 if anything did not hold."""

from __future__ import annotations

import sys
import time

import pytest
import structlog

from tests import conftest
from tests.proof.harness import HARNESSES, Figures, Place, Size, harness
from tests.support import ministack

MOST_SHOWN = 5


def main(words: list[str]) -> int:
    """Run them, and show each as it ends."""
    size = Size.SHORT if "--short" in words else Size.FULL
    named = {name.rpartition(".")[2]: name for name in HARNESSES}
    only = [word for word in words if not word.startswith("--")]
    if unknown := [word for word in only if word not in named]:
        sys.stderr.write(f"There is no harness {', '.join(unknown)}; there are: {', '.join(named)}.\n")
        return 1
    wanted = [name for word, name in named.items() if not only or word in only]
    violations = 0
    structlog.configure(logger_factory=structlog.testing.ReturnLoggerFactory())  # the page is one page
    with pytest.MonkeyPatch.context() as patch, ministack.running() as address:
        conftest.forget_the_machine(patch)
        for name in wanted:
            began = time.monotonic()
            figures = harness(name).prove(Place(address), size)
            sys.stdout.write(shown(harness(name).TITLE, figures, time.monotonic() - began))
            sys.stdout.flush()
            violations += len(figures.violations)
    sys.stdout.write(f"violations: {violations}\n")
    return 1 if violations else 0


def shown(title: str, figures: Figures, seconds: float) -> str:
    """What a harness has to say, as a paragraph."""
    lines = [f"{title} ({seconds:.0f} s)"]
    if figures.missing:
        lines.append(f"  not run: {figures.missing}")
    lines += [f"  {count:>12,} {name}" for name, count in figures.counts.items()]
    lines += [f"  VIOLATION {each}" for each in figures.violations[:MOST_SHOWN]]
    if len(figures.violations) > MOST_SHOWN:
        lines.append(f"  and {len(figures.violations) - MOST_SHOWN} more")
    return "\n".join([*lines, "", ""])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
