"""`flask migrate`: plan the move from PostgreSQL, run it, verify it, report it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click
from flask import current_app
from flask.cli import AppGroup

import formats
from migrations.faults import Stopped
from migrations.mapping import Names
from migrations.reporting import report as reported
from migrations.rows import Rules
from migrations.state import Folder
from migrations.watching import watched
from panzoto.cli.faults import Place
from panzoto.cli.operating import operating
from panzoto.errors import PanzotoError, StoreRefused

if TYPE_CHECKING:
    from migrations.source import Source

# Longer than a request may wait.
DEADLINE = timedelta(seconds=30)

migrate = AppGroup("migrate", help="Move an old PostgreSQL deployment here, once.")

Command = Callable[..., None]


@dataclass(frozen=True)
class Asked:
    """What every command is given."""

    dsn: str
    names: Names
    folder: Folder

    @property
    def rules(self) -> Rules:
        """How rows are read."""
        return Rules(self.names.zone, self.names.drop_unreadable_hashes)


def common(command: Command) -> Command:
    """The options that all commands have."""
    for option in (
        click.option("--dsn", default="", help="Where PostgreSQL is; what is left out, the PG* variables say."),
        click.option("--mapping", type=click.Path(path_type=Path, dir_okay=False), help="Names of tables and columns."),
        click.option(
            "--state",
            type=click.Path(path_type=Path, file_okay=False),
            default=Path("migration"),
            show_default=True,
            help="The folder of this move: rejects, what is known, the report.",
        ),
    ):
        command = option(command)
    return command


@migrate.command("plan")
@common
@click.option("--max-wcu", type=click.IntRange(1), help="The write units a second that the time is reckoned with.")
def plan(dsn: str, mapping: Path | None, state: Path, max_wcu: int | None) -> None:
    """Tell what there is, what would not go, and what it costs; write nothing in either database."""
    with _at_work(dsn, mapping, state) as (asked, source):
        from migrations.planning import plan as planned  # noqa: PLC0415 (psycopg is there by now)

        result = planned(source, asked.rules, max_wcu)
        asked.folder.note(plan=result)
        click.echo(reported(asked.folder))


@migrate.command("run")
@common
@click.option("--max-wcu", type=click.IntRange(1), help="No more write units a second than this.")
@click.option("--workers", type=click.IntRange(1, 128), default=8, show_default=True, help="Transactions at once.")
@click.option("--since", help="Only rows made since then, after a finished run; the time that it printed.")
@click.option(
    "--patience", type=click.IntRange(1), default=600, show_default=True, help="Seconds to wait for DynamoDB."
)
def run(
    dsn: str, mapping: Path | None, state: Path, max_wcu: int | None, workers: int, since: str | None, patience: int
) -> None:
    """Move everything, or go on where an earlier run was ended."""
    with _at_work(dsn, mapping, state) as (asked, source):
        from migrations.running import Running  # noqa: PLC0415 (psycopg is there by now)

        with watched() as watch:
            running = Running(
                deps=operating(dynamodb_deadline=DEADLINE, threads=workers),
                source=source,
                folder=asked.folder,
                rules=asked.rules,
                workers=workers,
                most_units=max_wcu,
                patience=patience,
                watch=watch,
            )
            result = running.full() if since is None else running.later(_moment(since))
        click.echo(reported(asked.folder))
    click.echo(f"For the rows that come later: flask migrate run --since {result['since']}")


@migrate.command("verify")
@common
def verify(dsn: str, mapping: Path | None, state: Path) -> None:
    """Compare every row with its item, both ways; end with 1 if anything differs."""
    with _at_work(dsn, mapping, state) as (asked, source):
        from migrations.verifying import Verifying  # noqa: PLC0415 (psycopg is there by now)

        deps = operating(dynamodb_deadline=DEADLINE, threads=1)
        with watched() as watch:
            verifying = Verifying(deps=deps, source=source, folder=asked.folder, rules=asked.rules, watch=watch)
            result = verifying.run()
        click.echo(reported(asked.folder))
    if not result["verified"]:
        sys.exit(1)


@migrate.command("report")
@common
def report(dsn: str, mapping: Path | None, state: Path) -> None:
    """Write report.md and report.json of what the other commands have found."""
    del dsn, mapping
    try:
        click.echo(reported(Folder(state)))
    except Stopped as stopped:
        raise click.ClickException(str(stopped)) from None


@contextmanager
def _at_work(dsn: str, mapping: Path | None, state: Path) -> Iterator[tuple[Asked, Source]]:
    """The old database and the folder, held; whatever stands in the way is told in a sentence."""
    try:
        from migrations.source import opened  # noqa: PLC0415 (only this command needs it)
    except ImportError:
        raise click.ClickException(
            "psycopg is missing on this machine: pip install -r requirements-migrate.txt"
        ) from None
    try:
        asked = Asked(dsn, Names.read(mapping), Folder(state))
        with opened(dsn, asked.names) as source, asked.folder.held():
            source_tables = f"{source.place('users')} {source.audio_files.whole_name}"
            asked.folder.bind({"source": source_tables, "target": _target()})
            yield asked, source
    except Stopped as stopped:
        raise click.ClickException(str(stopped)) from None
    except OSError as fault:  # of our own files: what others say of theirs has been told by now
        raise click.ClickException(
            f"{fault.filename or state} cannot be written or read: {fault.strerror}; the same command goes on."
        ) from None
    except (PanzotoError, StoreRefused) as fault:
        missing = "ResourceNotFoundException" in str(fault)
        reason = "Tables are missing in DynamoDB: flask tables create" if missing else str(fault).rstrip(".")
        raise click.ClickException(f"{reason}; the same command goes on.") from None


def _target() -> str:
    """Where the items go."""
    config = current_app.extensions["panzoto"].config
    tables = (config.users_table, config.auth_state_table, config.audio_files_table)
    return f"{Place.of(config)} {' '.join(tables)}"


def _moment(text: str) -> datetime:
    try:
        return formats.moment(text)
    except ValueError as fault:
        raise Stopped(f"--since must be {fault}.") from None
