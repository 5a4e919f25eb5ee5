"""`flask audio`: what operators do for recordings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain

import click
from flask import current_app
from flask.cli import AppGroup

from panzoto.deps import Deps, build
from panzoto.errors import Conflict, NotFound, PanzotoError
from panzoto.flows.sweep_audio import Leftover, left_in_bucket, left_in_parts, left_in_table
from panzoto.models.object_keys import PEOPLE

from .pace import in_chunks, paced
from .progress import followed

AT_ONCE = 100

audio = AppGroup("audio", help="What operators do for recordings.")


@dataclass
class Tally:
    """What a sweep has come to."""

    seen: int = 0
    mended: int = 0
    failed: int = 0


@audio.command("sweep")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--per-second", type=click.IntRange(1, 100_000), default=500, show_default=True, help="How fast to look.")
def sweep(*, dry_run: bool, per_second: int) -> None:
    """Finish deletions that were interrupted; remove uploads that were abandoned and objects that nobody recorded."""
    asked: Deps = current_app.extensions["panzoto"]
    deps = build(asked.config, operator=True)
    tally = Tally()
    try:
        with followed("recordings") as (say, follow):
            for left in follow(_left(deps, per_second)):
                tally.seen += 1
                if left is not None:
                    _mend(left, tally, say, dry_run=dry_run)
    except PanzotoError as fault:
        raise click.ClickException(str(fault)) from None
    done = "would be mended" if dry_run else "mended"
    click.echo(f"{tally.seen} looked at, {tally.mended} {done}.")
    if tally.failed:
        raise click.ClickException(f"{tally.failed} could not be mended.")


def _left(deps: Deps, per_second: int) -> Iterator[Leftover | None]:
    """What is left, first in the table, then at S3; None for each that is as it should be."""
    now = deps.clock()
    people = f"{PEOPLE}/"
    parts = in_chunks(paced(deps.multipart.under(people), per_second), AT_ONCE)
    objects = in_chunks(paced(deps.bucket.under(people), per_second), AT_ONCE)
    return chain(
        left_in_table(deps, paced(deps.audio_files.scan(page=AT_ONCE), per_second), now),
        chain.from_iterable(left_in_parts(deps, each, now) for each in parts),
        chain.from_iterable(left_in_bucket(deps, each, now) for each in objects),
    )


def _mend(left: Leftover, tally: Tally, say: Callable[[str], None], *, dry_run: bool) -> None:
    """Mend one; what cannot be mended waits, and the others do not."""
    if not dry_run:
        try:
            left.mend()
        except (Conflict, NotFound):  # somebody has recorded or deleted it at this moment
            return
        except PanzotoError as fault:
            click.echo(f"{left.what}: not mended: {type(fault).__name__}: {fault}", err=True)
            tally.failed += 1
            return
    say(f"{left.what}.")
    tally.mended += 1
