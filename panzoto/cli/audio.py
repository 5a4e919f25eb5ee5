"""`flask audio`: what operators do for recordings."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

import click
from flask import current_app
from flask.cli import AppGroup

from panzoto.deps import Deps
from panzoto.errors import Conflict, NotFound, PanzotoError, StoreRefused
from panzoto.flows._working import work
from panzoto.flows.sweep_audio import FAULTS, Found, Leftover, Unclear, left_in_bucket, left_in_parts, left_in_table
from panzoto.flows.sweep_decrypted import left_in_queue, left_in_the_clear
from panzoto.models.object_keys import DECRYPTED, PEOPLE
from panzoto.models.store.expressions import Attr

from .operating import operating
from .pace import in_chunks, paced
from .progress import followed

AT_ONCE = 100
# So many, or one in a hundred, may have lost what says whose they are; more of them say that a table is the wrong one.
MOST_DOUBTFUL = 100
REFUSAL = (
    "Nothing was done: {} of them are left only because no record or no person is there for them. "
    "Do AUDIO_FILES_TABLE, USERS_TABLE and S3_BUCKET belong together, and are they whole? If so, --yes does it."
)

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
@click.option("--yes", is_flag=True, help="Do it also where so much is left that a table may be the wrong one.")
def sweep(*, dry_run: bool, per_second: int, yes: bool) -> None:
    """Finish what was interrupted; remove abandoned uploads, objects without a record, and old decrypted copies."""
    deps = operating()
    tally = Tally()
    try:
        with followed("recordings") as (say, follow):
            left = _found(follow(_left(deps, per_second)), tally)
            too_many = 0 if dry_run or yes else _too_many(deps, left, tally)
            for each in paced(left, per_second):
                _mend(each, tally, say, dry_run=dry_run or too_many > 0)
    except (PanzotoError, StoreRefused) as fault:
        raise click.ClickException(str(fault)) from None
    done = "would be mended" if dry_run or too_many else "mended"
    click.echo(f"{tally.seen} looked at, {tally.mended} {done}.")
    if too_many:
        raise click.ClickException(REFUSAL.format(too_many))
    if tally.failed:
        raise click.ClickException(f"{tally.failed} could not be mended.")


@audio.command("work")
@click.option("--once", is_flag=True, help="End when no job is open.")
@click.option("--every", type=click.IntRange(1, 3600), default=30, show_default=True, help="Seconds between two looks.")
def do_work(*, once: bool, every: int) -> None:
    """Decrypt and transcribe what waits for it, in a process that serves nobody. A look costs one read of DynamoDB."""
    deps: Deps = current_app.extensions["panzoto"]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # what it holds is let go of on the way out
    while True:
        try:
            pause = work(deps)
        except PanzotoError as fault:
            click.echo(str(fault), err=True)
            pause = float(every)
        except StoreRefused as fault:  # which no waiting mends
            raise click.ClickException(str(fault)) from None
        if pause is None and once:
            return
        time.sleep(min(float(every), every if pause is None else pause))


def _left(deps: Deps, per_second: int) -> Iterator[Found]:
    """What is left, first in the table, then at S3; None for each that is as it should be."""
    now = deps.clock()
    people, clear = f"{PEOPLE}/", f"{DECRYPTED}/"
    items = in_chunks(paced(deps.audio_files.scan(page=AT_ONCE), per_second), AT_ONCE)
    parts = in_chunks(paced(deps.multipart.under(people), per_second), AT_ONCE)
    objects = in_chunks(paced(deps.bucket.under(people), per_second), AT_ONCE)
    return chain(
        chain.from_iterable(left_in_table(deps, each, now) for each in items),
        chain.from_iterable(left_in_parts(deps, each, now) for each in parts),
        chain.from_iterable(left_in_bucket(deps, each, now) for each in objects),
        left_in_the_clear(deps, paced(deps.multipart.under(clear), per_second), deps.bucket.under(clear), now),
        left_in_queue(deps, now),
    )


def _found(found: Iterable[Found], tally: Tally) -> list[Leftover]:
    """All that is left, before any of it is mended; what nobody can tell of is named."""
    left = []
    for each in found:
        tally.seen += 1
        if isinstance(each, Unclear):
            _name(each.what, each.fault, tally)
        elif each is not None:
            left.append(each)
    return left


def _too_many(deps: Deps, left: Iterable[Leftover], tally: Tally) -> int:
    """How many are doubtful, where they are so many, or nothing is recorded: then the table may be a wrong one."""
    doubtful = sum(each.is_doubtful for each in left)
    if doubtful > max(MOST_DOUBTFUL, tally.seen // 100):
        return doubtful
    nothing = doubtful and next(deps.audio_files.scan(only=Attr("s3_key").exists()), None) is None
    return doubtful if nothing else 0


def _mend(left: Leftover, tally: Tally, say: Callable[[str], None], *, dry_run: bool) -> None:
    """Mend one; what cannot be mended waits, and the others do not."""
    if not dry_run:
        try:
            left.mend()
        except (Conflict, NotFound):  # somebody has recorded or deleted it at this moment
            return
        except FAULTS as fault:
            _name(f"{left.what}: not mended", fault, tally)
            return
    say(f"{left.what}.")
    tally.mended += 1


def _name(what: str, fault: Exception, tally: Tally) -> None:
    click.echo(f"{what}: {type(fault).__name__}: {fault}", err=True)
    tally.failed += 1
