"""How commands for people speak: faults in a sentence, tables on a terminal, an object a line for programs."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import click
import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from panzoto.errors import PanzotoError, StoreRefused, TransactionLost

# What is wrong with an item that nobody can read, and with one thing alone: the others must not wait for it.
ODD = (AttributeError, KeyError, OverflowError, TypeError, ValueError)
ALONE = (PanzotoError, StoreRefused, TransactionLost, *ODD)
# Where nobody looks at a terminal no line is broken.
WIDE = 10_000
as_json = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")


def whoever() -> str:
    """The name of whoever is at work on this machine; a container may have none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "flask"


@contextmanager
def sentences() -> Iterator[None]:
    """A fault is one sentence and exit code 1."""
    try:
        yield
    except (PanzotoError, StoreRefused, ValueError) as fault:  # what no item can hold is a ValueError
        raise click.ClickException(said(fault)) from None


def said(fault: Exception) -> str:
    """What a fault says; of a wrong field that alone, because nobody has made a request."""
    details = fault.details if isinstance(fault, PanzotoError) else ()
    return ", ".join(f"{each['field']} {each['problem']}" for each in details) or str(fault)


def tell(rows: Iterable[Mapping[str, Any]], *, as_json: bool, nothing: str) -> None:
    """Tell rows of the same columns."""
    found = list(rows)
    if as_json:
        for each in found:
            click.echo(orjson.dumps(each, default=str, option=orjson.OPT_UTC_Z))
    elif not found:
        click.echo(nothing)
    else:
        _print_table(found)


def _print_table(rows: list[Mapping[str, Any]]) -> None:
    """In colours on a terminal, and as wide as it is; elsewhere as wide as the text."""
    table = Table(box=None, header_style="bold", pad_edge=False, show_header=any(map(str.strip, rows[0])))
    for name in rows[0]:
        table.add_column(name.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(_cell(each) for each in row.values()))
    Console(width=None if sys.stdout.isatty() else WIDE).print(table)


def _cell(value: Any) -> Text:
    """A value on one line, whatever it holds: nobody's name moves the cursor or changes a colour."""
    if value is None or value == "":
        return Text("-", style="dim")
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    line = "".join(each if each.isprintable() else " " for each in text)
    return Text(line, style="red" if line.endswith(("failed", "rejected", "disabled")) else "")
