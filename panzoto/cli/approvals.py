"""`flask approvals`: who may have an account where only approved emails may."""

from __future__ import annotations

import csv
import getpass
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
import orjson
from flask import current_app
from flask.cli import AppGroup

import formats
from panzoto.deps import Deps, build
from panzoto.errors import PanzotoError
from panzoto.flows.approvals import approve, end_approval
from panzoto.models.approved_emails import Approval, from_item

approvals = AppGroup("approvals", help="The emails that may have an account.")
COLUMNS = ("email", "expires_at", "company", "reason", "notes", "approved_by")
ABOUT = ("company", "reason", "notes")


def _deps(*, operator: bool = False) -> Deps:
    asked: Deps = current_app.extensions["panzoto"]
    return build(asked.config, operator=True) if operator else asked


def _moment(text: str | None) -> datetime | None:
    """A day or a time, as UTC; none for no text."""
    try:
        return formats.moment(text).astimezone(UTC) if text else None
    except (ValueError, OverflowError):
        raise ValueError("the end must be a day or a time such as 2027-01-31 or 2027-01-31T12:00:00Z") from None


def _shown(approval: Approval) -> dict[str, object]:
    ends = approval.expires_at.isoformat() if approval.expires_at else None
    return {
        "email": approval.email,
        "approved_by": approval.approved_by,
        "approved_at": approval.approved_at.isoformat(),
        "expires_at": ends,
        **{name: approval.metadata.get(name) for name in ABOUT},
    }


@approvals.command("add")
@click.argument("email")
@click.option("--until", help="When it ends, such as 2027-01-31 or 2027-01-31T12:00:00Z; never, if not given.")
@click.option("--by", default=getpass.getuser, help="Who approves; your name on this machine, if not given.")
@click.option("--company")
@click.option("--reason")
@click.option("--notes")
def add(email: str, until: str | None, by: str, **about: str | None) -> None:
    """Approve an email, or change its approval."""
    try:
        made = approve(_deps(), email, by, expires_at=_moment(until), metadata=_given(about))
    except (PanzotoError, ValueError) as fault:
        raise click.ClickException(str(fault)) from None
    click.echo(f"{made.email} is approved{_end(made)}.")


@approvals.command("remove")
@click.argument("email")
@click.option("--by", default=getpass.getuser, help="Who removes it; your name on this machine, if not given.")
def remove(email: str, by: str) -> None:
    """Take an approval away. Whoever is signed in by it is signed out."""
    try:
        ended = end_approval(_deps(), email, by)
    except PanzotoError as fault:
        raise click.ClickException(str(fault)) from None
    if ended is None:
        raise click.ClickException(f"{email} was not approved.")
    click.echo(f"{ended.email} is not approved any more.")


@approvals.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def listed(as_json: bool) -> None:
    """Every approval, by email."""
    try:
        found = sorted(map(from_item, _deps(operator=True).approved_emails.scan()), key=lambda each: each.email)
    except PanzotoError as fault:
        raise click.ClickException(str(fault)) from None
    now = _deps().clock()
    for each in found:
        if as_json:
            click.echo(orjson.dumps(_shown(each)).decode())
        else:
            about = ", ".join(filter(None, (each.metadata.get(name) for name in ABOUT)))
            state = _end(each) if each.holds(now) else ", ended"
            click.echo(f"{each.email}{state}, by {each.approved_by}{f': {about}' if about else ''}")
    if not found and not as_json:
        click.echo("No email is approved. Approve one with: flask approvals add EMAIL")


@approvals.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--by", default=getpass.getuser, help="Who approves, where a row does not say.")
def imported(file: Path, by: str) -> None:
    """Approve every email of a CSV file with the columns email, expires_at, company, reason, notes, approved_by.

    Only the first is needed. A row that is wrong is named and skipped; the others land.
    """
    deps, done, skipped = _deps(), 0, 0
    for number, row in _rows(file):
        try:
            _approve_row(deps, row, by)
        except (PanzotoError, ValueError) as fault:
            click.echo(f"line {number}: skipped: {fault}", err=True)
            skipped += 1
        else:
            done += 1
    click.echo(f"{done} approved, {skipped} skipped.")
    if skipped:
        raise SystemExit(1)


def _rows(file: Path) -> Iterator[tuple[int, dict[str, str | None]]]:
    """The rows, each with the number of its line; a file without the column `email` has none."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines, strict=True)
            if "email" not in (reader.fieldnames or ()):
                raise click.ClickException(f"{file.name} must begin with a line of columns, of which one is email.")
            yield from ((reader.line_num, row) for row in reader)
    except (UnicodeDecodeError, csv.Error) as fault:
        raise click.ClickException(f"{file.name} is not a CSV file in UTF-8: {fault}.") from None


def _approve_row(deps: Deps, row: dict[str, str | None], by: str) -> None:
    """Approve one row; `ValueError` says what is wrong with it."""
    unknown = [name for name in row if name not in COLUMNS]
    if unknown:
        raise ValueError(f"it has more than the columns {', '.join(COLUMNS)}")
    given = {name: (value or "").strip() for name, value in row.items()}
    if not given["email"]:
        raise ValueError("it has no email")
    until, approver = _moment(given.get("expires_at")), given.get("approved_by") or by
    approve(
        deps, given["email"], approver, expires_at=until, metadata=_given({name: given.get(name) for name in ABOUT})
    )


def _given(about: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in about.items() if value}


def _end(approval: Approval) -> str:
    return f" until {approval.expires_at.isoformat()}" if approval.expires_at else ""
