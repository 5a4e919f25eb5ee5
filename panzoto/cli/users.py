"""`flask users`: what operators do for people."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from panzoto.errors import PanzotoError, StoreRefused
from panzoto.flows.delete_me import finish
from panzoto.models.store.expressions import Attr
from panzoto.models.user import from_item

from .operating import operating

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
            except (PanzotoError, StoreRefused, KeyError, ValueError) as fault:  # this one waits; the others must not
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
