"""How far a command has come: a bar on a terminal, plain lines everywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

Each = TypeVar("Each")
COLUMNS = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())


@contextmanager
def followed(what: str) -> Iterator[tuple[Callable[[str], None], Callable[[Iterable[Each]], Iterable[Each]]]]:
    """What says a line above the bar, and what goes through things while the bar shows how many are done."""
    console = Console(stderr=True)
    with Progress(*COLUMNS, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield click.echo, lambda things: progress.track(things, description=what)
