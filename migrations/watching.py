"""How far the move has come: a bar with the rate and the time left on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

COLUMNS = (
    SpinnerColumn(),
    TextColumn("{task.description}"),
    BarColumn(),
    MofNCompleteColumn(),
    TextColumn("{task.fields[rate]} rows/s"),
    TimeRemainingColumn(),
)


@contextmanager
def watched() -> Iterator[Bar]:
    """What sees how far a command has come, and shows it while the block runs."""
    console = Console(stderr=True)
    with Progress(*COLUMNS, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield Bar(progress)


class Bar:
    """A bar on a terminal, with the rate and the time left; plain lines elsewhere."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: Any = None

    def begin(self, label: str, total: int, done: int) -> None:
        """A table begins."""
        click.echo(f"{label}: {total} rows, {done} of them done before.", err=True)
        self._task = self._progress.add_task(label, total=max(total, done), completed=done, rate="…")

    def advance(self, rows: int) -> None:
        """So many more rows are done."""
        speed = self._progress.tasks[-1].speed
        self._progress.update(self._task, advance=rows, rate="…" if speed is None else f"{speed:.0f}")
