"""`flask keys`: make the ring of keys that signs access tokens, turn it, look at it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import click
from flask import current_app
from flask.cli import AppGroup

from panzoto.aws.rings import Rings, RingUnusable, configured
from panzoto.crypto import ring as rings
from panzoto.crypto.ring import ALGORITHMS, Ring
from panzoto.deps import Deps

keys = AppGroup("keys", help="Make the ring of keys that signs access tokens, turn it, look at it.")


@keys.command("generate")
@click.option("--algorithm", type=click.Choice(ALGORITHMS), default=ALGORITHMS[0], show_default=True)
@click.option("--replace", is_flag=True, help="Put it in place of a ring whose key was stolen; its tokens end.")
def generate(algorithm: str, *, replace: bool) -> None:
    """Make the first ring, where JWT_KEYS_FILE or JWT_KEYS_SECRET_ID says."""
    deps = _deps()

    def make(ring: Ring | None) -> Ring:
        if ring is not None and not replace:
            raise click.ClickException("There is a ring already; `flask keys rotate` turns it.")
        return rings.generate(algorithm, deps.clock())

    with _sentences():
        made = _kept(deps).change(make)
    _show(made)
    click.echo("Restart the service: from then on this key signs. Access tokens of before end then; phones refresh.")


@keys.command("rotate")
@click.option("--lead-hours", type=click.IntRange(1, 24 * 30), default=24, show_default=True)
def rotate(lead_hours: int) -> None:
    """Add a key that signs after the lead, and let go of those whose last token has expired."""
    deps = _deps()

    def turn(ring: Ring | None) -> Ring:
        lead, lifetime = timedelta(hours=lead_hours), deps.config.jwt_access_expiry
        return rings.rotate(_there(ring), deps.clock(), lead=lead, lifetime=lifetime)

    with _sentences():
        turned = _kept(deps).change(turn)
    _show(turned)
    lead = "1 hour" if lead_hours == 1 else f"{lead_hours} hours"
    click.echo(f"Restart the service within {lead}, so that every process knows the new key in time.")


@keys.command("show")
def show() -> None:
    """List the keys, without their private halves."""
    deps = _deps()
    with _sentences():
        _show(_there(_kept(deps).read()))


def _deps() -> Deps:
    deps: Deps = current_app.extensions["panzoto"]
    return deps


def _kept(deps: Deps) -> Rings:
    kept = configured(deps.config, deps.clients)
    if kept is None:
        raise click.ClickException("Set JWT_KEYS_FILE or JWT_KEYS_SECRET_ID to where the ring is to be kept.")
    return kept


def _there(ring: Ring | None) -> Ring:
    if ring is None:
        raise click.ClickException("There is no ring yet; `flask keys generate` makes one.")
    return ring


def _show(ring: Ring) -> None:
    for key in ring.keys:
        until = f", gone at {key.not_after:%Y-%m-%d %H:%M} UTC" if key.not_after else ""
        click.echo(f"{key.kid}  {ring.algorithm}  signs from {key.activates_at:%Y-%m-%d %H:%M} UTC{until}")


@contextmanager
def _sentences() -> Iterator[None]:
    """A fault is one sentence and exit code 1."""
    try:
        yield
    except RingUnusable as fault:
        raise click.ClickException(str(fault)) from None
