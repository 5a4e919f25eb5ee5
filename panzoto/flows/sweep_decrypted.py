"""What crashes have left of decryptions, and copies whose time is over: found, told of, and mended by whoever may."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial

from panzoto.aws.bucket import Listed
from panzoto.aws.multipart import Begun
from panzoto.deps import Deps
from panzoto.models.auth_state.audio_job import LONGEST, AudioJob

from ._transcribing import clear_transcription
from .sweep_audio import Leftover


def left_in_the_clear(
    deps: Deps, begun: Iterable[Begun], objects: Iterable[Listed], now: datetime
) -> Iterator[Leftover | None]:
    """Decrypted copies that are old, and parts of some that were never finished."""
    oldest = now - deps.config.decrypted_kept
    for each in begun:
        abort = partial(deps.multipart.abort, each.key, each.upload_id)
        yield Leftover(f"{each.key}: its copy was never finished", abort) if each.started_at < oldest else None
    for found in objects:
        remove = partial(deps.bucket.delete, found.key)
        yield Leftover(f"{found.key}: the copy is old", remove) if found.modified < oldest else None


def left_in_queue(deps: Deps, now: datetime) -> Iterator[Leftover | None]:
    """Jobs that nobody has done in all their time; what else is left in the queue is cleared by looking."""
    for job in deps.audio_jobs.open_jobs():
        is_over = job.created_at + LONGEST < now
        yield Leftover(f"{job.file_id}: its job was never done", partial(_give_up, deps, job)) if is_over else None


def _give_up(deps: Deps, job: AudioJob) -> None:
    """Forget a job, and remove what it has made: a newer one has a copy, and a transcription, of its own."""
    clear_transcription(deps, job)
    deps.audio_jobs.forget(job)
