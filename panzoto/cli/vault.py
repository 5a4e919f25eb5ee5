"""`flask vault`: what operators do for the vault of other providers' tokens."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from panzoto.errors import PanzotoError, StoreRefused
from panzoto.flows.oauth.disconnect import retry
from panzoto.flows.oauth.rewrap import Outcome, rewrap
from panzoto.models.connections import from_item
from panzoto.models.store.expressions import Attr, Condition
from panzoto.models.store.wire import Item

from .operating import operating
from .progress import followed
from .speaking import ALONE

SAID_EVERY = 1000

vault = AppGroup("vault", help="The vault of other providers' tokens.")


@vault.command("rewrap")
def rewrap_all() -> None:
    """Seal every connection's tokens under the key that OAUTH_KMS_KEY names now.

    It may be stopped and begun again: what is done is not done twice. Until it ends with 0, keep the old key enabled.
    """
    deps = operating()
    counts = dict.fromkeys(Outcome, 0)
    failed = 0
    try:
        current = deps.data_keys.current()
        with followed("connections") as (say, follow):
            for number, item in enumerate(follow(deps.oauth_tokens.scan(only=_sealed())), 1):
                if number % SAID_EVERY == 0:
                    say(f"{number} looked at")
                try:
                    counts[rewrap(deps, from_item(item), current)] += 1
                except ALONE as fault:
                    say(f"{_name(item)}: not rewrapped: {type(fault).__name__}: {fault}")
                    failed += 1
    except (PanzotoError, StoreRefused) as fault:
        raise click.ClickException(str(fault)) from None
    click.echo(f"{counts[Outcome.DONE]} rewrapped, {counts[Outcome.NOTHING]} were under the key already.")
    busy = counts[Outcome.BUSY]
    if failed or busy:
        raise click.ClickException(
            f"{failed} could not be rewrapped and {busy} were in use: keep the old key, and run this again."
        )


@vault.command("sweep")
def sweep() -> None:
    """End at their providers the grants that could not be ended when their owners asked for it."""
    deps, done, left = operating(), 0, 0
    try:
        for item in deps.oauth_tokens.scan(only=Attr("revocation").exists()):
            try:
                ended = retry(deps, from_item(item))
            except ALONE as fault:
                click.echo(f"{_name(item)}: not ended: {type(fault).__name__}: {fault}", err=True)
                ended = False
            done, left = done + ended, left + (not ended)
    except (PanzotoError, StoreRefused) as fault:
        raise click.ClickException(str(fault)) from None
    click.echo(f"{done} grants ended, {left} are left for the next time.")


def _sealed() -> Condition:
    return Attr("encryptedTokens").exists() | Attr("revocation").exists()


def _name(item: Item) -> str:
    return f"{item['userId']} at {item['provider']}"
