"""`flask approvals`: who may have an account where only approved emails may."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click
import orjson
from flask import current_app
from flask.cli import AppGroup

from panzoto.deps import Deps
from panzoto.errors import InvalidRequest, PanzotoError, StoreRefused
from panzoto.flows.approvals import approve, end_approval, needs_approval
from panzoto.flows.approvals_csv import ABOUT, Row, approval_of, moment
from panzoto.models.approved_emails import Approval, from_item
from panzoto.models.store.expressions import Attr

from .approvals_file import rows
from .operating import operating
from .progress import followed
from .speaking import said, sentences, whoever

approvals = AppGroup("approvals", help="The emails that may have an account.")


@approvals.command("add")
@click.argument("email")
@click.option("--until", help="When it ends, in UTC, such as 2027-01-31 or 2027-01-31T12:00:00Z; never, if not given.")
@click.option("--by", default=whoever, help="Who approves; your name on this machine, if not given.")
@click.option("--company")
@click.option("--reason")
@click.option("--notes")
def add(email: str, until: str | None, by: str, **about: str | None) -> None:
    """Approve an email, or change its approval."""
    deps = _deps()
    with sentences():
        ends = None if until is None else moment(until)
        made = approve(deps, email, by, expires_at=ends, metadata=_given(about))
    click.echo(f"{made.email} is approved{_end(made)}.")
    _say_what_counts(deps, made.email)


@approvals.command("remove")
@click.argument("email")
@click.option("--by", default=whoever, help="Who removes it; your name on this machine, if not given.")
def remove(email: str, by: str) -> None:
    """Take an approval away. Whoever is signed in by it is signed out."""
    deps = _deps()
    with sentences():
        ended = end_approval(deps, email, by)
    if ended is None:
        raise click.ClickException(f"{email} was not approved.")
    click.echo(f"{ended.email} is not approved any more.")
    _say_what_counts(deps, ended.email)


@approvals.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def listed(as_json: bool) -> None:
    """Every approval, by email."""
    with sentences():
        found = sorted(map(from_item, operating().approved_emails.scan()), key=lambda each: each.email)
    now = _deps().clock()
    for each in found:
        click.echo(orjson.dumps(_shown(each)).decode() if as_json else _line(each, now))
    if not found and not as_json:
        click.echo("No email is approved. Approve one with: flask approvals add EMAIL")


@approvals.command("reindex")
def reindex() -> None:
    """Put every approval on the lists: those that were written by hand, or before there were lists."""
    deps, done = operating(), 0
    with sentences():
        for item in deps.approved_emails.scan(only=Attr("listed").not_exists()):
            deps.approved_emails.enlist(item["email"])
            done += 1
    click.echo(f"{done} approvals are on the lists now.")


@approvals.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--by", default=whoever, help="Who approves, where a row does not say.")
def imported(file: Path, by: str) -> None:
    """Approve every email of a CSV file with the columns email, expires_at, company, reason, notes, approved_by.

    Only the first is needed. A row that is wrong is named and skipped; the others land.
    """
    deps, done, skipped = _deps(), 0, 0
    with followed("rows") as (_, follow):
        for row in follow(rows(file)):
            try:
                _approve_row(deps, row, by)
            except (InvalidRequest, ValueError) as fault:
                click.echo(f"{row.where}: skipped: {said(fault)}", err=True)
                skipped += 1
            except (PanzotoError, StoreRefused) as fault:  # the next rows would fare no better
                raise click.ClickException(f"{row.where}: {fault} Before it, {done} were approved.") from None
            else:
                done += 1
    click.echo(f"{done} approved, {skipped} skipped.")
    if skipped:
        raise SystemExit(1)


def _approve_row(deps: Deps, row: Row, by: str) -> None:
    """Approve one row; `InvalidRequest` says what is wrong with it."""
    wanted = approval_of(row)
    approver = row.says.get("approved_by") or by
    approve(deps, wanted.email, approver, expires_at=wanted.expires_at, metadata=wanted.metadata)


def _deps() -> Deps:
    deps: Deps = current_app.extensions["panzoto"]
    return deps


def _say_what_counts(deps: Deps, email: str) -> None:
    """Say so where an approval lets nobody in and keeps nobody out."""
    if not deps.config.needs_approval:
        click.echo("REGISTRATION_POLICY is open here: everybody may sign in, and nobody was signed out.", err=True)
    elif not needs_approval(deps, email):
        click.echo("It needs no approval: INTERNAL_EMAIL_DOMAINS has its domain.", err=True)


def _given(about: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in about.items() if value}


def _end(approval: Approval) -> str:
    return f" until {approval.expires_at.isoformat()}" if approval.expires_at else ""


def _line(approval: Approval, now: datetime) -> str:
    """An approval on one line, whatever its texts hold."""
    about = ", ".join(filter(None, (approval.metadata.get(name) for name in ABOUT)))
    state = _end(approval) if approval.holds(now) else ", ended"
    line = f"{approval.email}{state}, by {approval.approved_by or 'nobody'}{f': {about}' if about else ''}"
    return "".join(each if each.isprintable() else " " for each in line)


def _shown(approval: Approval) -> dict[str, object]:
    ends = approval.expires_at.isoformat() if approval.expires_at else None
    return {
        "email": approval.email,
        "approved_by": approval.approved_by,
        "approved_at": approval.approved_at.isoformat(),
        "expires_at": ends,
        **{name: approval.metadata.get(name) for name in ABOUT},
    }
