"""What was measured, as a table on the terminal and as a section of results.md."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.measuring import Measured

RESULTS = Path(__file__).with_name("results.md")
HEADINGS = ("", "median µs", "half of the rounds, µs", "time, first = 1")
PREFACE = """# What was measured

`make bench` writes this file: one section for each benchmark, measured where and with what the section says. Contenders
take turns in rounds; a ratio is the median of the rounds' ratios, so that what slowed the machine slowed both.
Which goals that meets is in [goals](goals.md).
"""


def row(each: Measured) -> tuple[str, ...]:
    """One contender, as text."""
    return each.name, f"{each.median:.2f}", f"{each.low:.2f} to {each.high:.2f}", f"{each.ratio:.2f}"


def show(title: str, measured: Sequence[Measured], notes: Sequence[str]) -> None:
    """The table on the terminal, and what else was found."""
    table = Table(title=title, title_justify="left")
    for number, heading in enumerate(HEADINGS):
        table.add_column(heading, justify="right" if number else "left")
    for each in measured:
        table.add_row(*row(each))
    Console().print(table, *notes, sep="\n")


def write(
    name: str, title: str, packages: Sequence[str], measured: Sequence[Measured], notes: Sequence[str], rounds: int
) -> None:
    """The section in results.md; those of other benchmarks stay as they are."""
    with_what = [f"{package} {version(package)}" for package in packages]
    machine = f"Python {platform.python_version()}, {platform.system()} on {platform.machine()}, {os.cpu_count()} cores"
    lines = [
        f"## {name}",
        f"\n{title}\n",
        f"`make bench ONLY={name}`: {rounds} rounds, {', '.join([machine, *with_what])}.\n",
        *(f"| {' | '.join(cells)} |" for cells in (HEADINGS, ("---", "--:", "--:", "--:"), *map(row, measured))),
        *(f"\n{note}" for note in notes),
    ]
    sections = {**kept(), name: "\n".join(lines) + "\n"}
    RESULTS.write_text("\n".join([PREFACE, *(sections[each] for each in sorted(sections))]))


def kept() -> dict[str, str]:
    """The sections that are there, by name."""
    text = RESULTS.read_text() if RESULTS.exists() else ""
    parts = re.split(r"^(?=## )", text, flags=re.MULTILINE)[1:]
    return {part.splitlines()[0].removeprefix("## "): part.rstrip() + "\n" for part in parts}
