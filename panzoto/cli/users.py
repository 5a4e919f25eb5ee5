"""`flask users`: what operators do for people."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup

from panzoto.deps import Deps, build
from panzoto.errors import PanzotoError
from panzoto.flows.delete_me import erase
from panzoto.models.store.expressions import Attr
from panzoto.models.users import from_item

users = AppGroup("users", help="What operators do for people.")


@users.command("sweep")
def sweep() -> None:
    """Finish the deletions of accounts that something has interrupted."""
    asked: Deps = current_app.extensions["panzoto"]
    deps = build(asked.config, operator=True)
    try:
        left = [from_item(item) for item in deps.users.scan(only=Attr("deleting_at").exists())]
        for user in left:
            erase(deps, user)
            click.echo(f"{user.user_id}: deleted.")
    except PanzotoError as fault:
        raise click.ClickException(str(fault)) from None
    click.echo(f"{len(left)} deletions finished.")
