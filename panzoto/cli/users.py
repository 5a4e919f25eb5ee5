"""`flask users`: what operators do for people."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import click
from flask.cli import AppGroup

from panzoto.deps import Deps
from panzoto.errors import EmailTaken, PanzotoError, StoreRefused
from panzoto.flows.admin.adopt import Outcome, adopt, check, lacking
from panzoto.flows.admin.staff import operator
from panzoto.flows.delete_me import finish
from panzoto.models.store.expressions import Attr
from panzoto.models.user import from_item

from .operating import operating
from .pace import in_chunks
from .progress import followed
from .speaking import ALONE, said, sentences, whoever

AT_ONCE = 100

users = AppGroup("users", help="What operators do for people.")


@users.command("sweep")
def sweep() -> None:
    """Finish the deletions of accounts that something has interrupted."""
    deps = operating()
    done = failed = 0
    try:
        for item in deps.users.scan(only=Attr("deleting_at").exists()):
            try:
                finish(deps, from_item(item))
            except ALONE as fault:
                click.echo(f"{item['user_id']}: not deleted: {type(fault).__name__}: {fault}", err=True)
                failed += 1
            else:
                click.echo(f"{item['user_id']}: deleted.")
                done += 1
    except (PanzotoError, StoreRefused) as fault:
        raise click.ClickException(str(fault)) from None
    click.echo(f"{done} deletions finished.")
    if failed:
        raise click.ClickException(f"{failed} could not be finished.")


@dataclass
class Adoption:
    """Whom an adoption has found: how many are in order, the others by their email, and what has become of them."""

    dry_run: bool
    claimed: int = 0
    lacking: dict[str | None, list[str]] = field(default_factory=dict)
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    failed: int = 0

    @property
    def done(self) -> str:
        """What is said of whoever is adopted."""
        return "would be adopted" if self.dry_run else "adopted"


@users.command("adopt")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
def adopt_all(*, dry_run: bool) -> None:
    """Claim the emails of people whom the code of the seeds wrote here, so that they can sign in.

    It reads the table of people whole, and may be stopped and begun again. Who cannot be adopted is named, and then it
    ends with 1: where the email is none, is somebody else's, or is that of two of them.
    """
    deps, found = operating(), Adoption(dry_run)
    with sentences():
        _look(deps, found)
        with followed("people") as (_, follow):
            for email, people in follow(found.lacking.items()):
                _adopt(deps, found, people, are_rivals=email is not None and len(people) > 1)
    done, claimed = found.outcomes[Outcome.ADOPTED], found.claimed + found.outcomes[Outcome.CLAIMED]
    click.echo(f"{done} {found.done}, {claimed} already claimed, {found.failed} not adopted.")
    if found.failed:
        raise click.ClickException(f"{found.failed} were not adopted; mend what is said of them, and run this again.")


def _look(deps: Deps, found: Adoption) -> None:
    """Find who lacks the claim of their email."""
    having = Attr("email").exists() & Attr("deleting_at").not_exists()
    for items in in_chunks(deps.users.scan(only=having), AT_ONCE):
        orphans = list(lacking(deps, items))
        found.claimed += len(items) - len(orphans)
        for user_id, email in orphans:
            found.lacking.setdefault(email, []).append(user_id)


def _adopt(deps: Deps, found: Adoption, people: list[str], *, are_rivals: bool) -> None:
    """Adopt those with one email, or with none that is one: each is for itself; of rivals nobody knows whose it is."""
    for user_id in people:
        rival = next(each for each in people if each != user_id) if are_rivals else None
        try:
            outcome = _outcome(deps, user_id, rival, dry_run=found.dry_run)
        except ALONE as fault:
            why = said(fault) if isinstance(fault, PanzotoError) else f"{type(fault).__name__}: {fault}"
            click.echo(f"{user_id}: not adopted: {why}", err=True)
            found.failed += 1
            continue
        found.outcomes[outcome] += 1
        if outcome is Outcome.ADOPTED:
            click.echo(f"{user_id}: {found.done}.")


def _outcome(deps: Deps, user_id: str, rival: str | None, *, dry_run: bool) -> Outcome:
    if rival is None and not dry_run:
        return adopt(deps, operator(whoever()), user_id)
    outcome = check(deps, user_id)
    if rival is not None and outcome is Outcome.ADOPTED:
        raise EmailTaken(f"{rival} has the same email")
    return outcome
