"""`flask tables`: make the tables, compare them with their declarations, render what derives from those."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from panzoto.deps import Deps
from panzoto.models.spec import TABLES, TableSpec

from . import render as rendering
from .control import Control
from .creation import Creation, create_all
from .faults import ControlFault, Place
from .inspection import found
from .progress import followed

__all__ = ["create_all", "tables"]

CHECKOUT = Path(__file__).resolve().parents[2]

tables = AppGroup(
    "tables", help="Make the tables, compare them with their declarations, render what derives from those."
)
some_tables = click.option(
    "labels",
    "--table",
    type=click.Choice([spec.label for spec in TABLES]),
    metavar="LABEL",
    multiple=True,
    help=f"Only this table, more than once for several: {', '.join(spec.label for spec in TABLES)}.",
)


@tables.command("create")
@click.option("--add-indexes", is_flag=True, help="Build declared indexes that are missing from tables that exist.")
@some_tables
def create(labels: tuple[str, ...], *, add_indexes: bool) -> None:
    """Make missing tables and turn on what is off. Ends with 1 if a difference is left."""
    deps = _deps()
    with _sentences(), followed("tables") as (say, follow):
        left = Creation(_control(deps), deps.config, say, add_indexes=add_indexes).run(_specs(labels), follow)
    _report(left)
    click.echo("The tables are as they are declared.")


@tables.command("check")
@some_tables
def check(labels: tuple[str, ...]) -> None:
    """Name every difference between the tables and their declarations. Silent, and 0, if there is none."""
    deps = _deps()
    with _sentences():
        control = _control(deps)
        findings = [each for spec in _specs(labels) for each in found(control, deps.config, spec)]
    for note in dict.fromkeys(each.sentence for each in findings if each.note):
        click.echo(note, err=True)
    _report([each.sentence for each in findings if not each.note])


@tables.command("render")
@click.option("--check", "only_check", is_flag=True, help="Write nothing; end with 1 if a file has drifted.")
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    default=CHECKOUT,
    help="Another folder than the checkout.",
)
def render(into: Path, *, only_check: bool) -> None:
    """Write the IAM policies, the Terraform variables and the pages that derive from the declarations."""
    if only_check:
        drifted = rendering.drifted(into)
        _report([f"{path} has drifted; `make render` writes it." for path in drifted])
    else:
        for path in rendering.write(into):
            click.echo(f"{path} is written.")


def _deps() -> Deps:
    deps: Deps = current_app.extensions["panzoto"]
    return deps


def _control(deps: Deps) -> Control:
    return Control(deps.clients.dynamodb(), Place.of(deps.config))


def _specs(labels: Sequence[str]) -> list[TableSpec]:
    return [spec for spec in TABLES if not labels or spec.label in labels]


@contextmanager
def _sentences() -> Iterator[None]:
    """Whatever keeps a command from its work is told in a sentence."""
    try:
        yield
    except ControlFault as fault:
        raise click.ClickException(str(fault)) from fault


def _report(differences: Sequence[str]) -> None:
    """Tell the differences, and end with 1 if there are any."""
    for sentence in differences:
        click.echo(sentence)
    if differences:
        sys.exit(1)
