"""The jobs of recordings: how one is begun, and how a worker holds one and lets go of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from panzoto.crypto.text import new_id
from panzoto.deps import Deps
from panzoto.models.audio_files import AudioFile
from panzoto.models.auth_state.audio_job import QUEUED, AudioJob

from ._sealed_files import Sealed
from .authenticate import Caller

# A worker says so many times in a lease that it is still there.
BEATS = 4


class Stopping(Exception):
    """The process ends, and somebody else goes on."""


@dataclass(frozen=True)
class Wanted:
    """What kind of job; of a transcription, the key that seals the text, and the language that is spoken."""

    kind: str
    key: bytes = field(default=b"", repr=False)
    language: str | None = None


def new_job(deps: Deps, caller: Caller, file: AudioFile, sealed: Sealed, wanted: Wanted, now: datetime) -> AudioJob:
    """A job of a recording, or the one that is under way already: the caller, who has proved who they are, may have it.

    The password will be gone: KMS keeps the key of this one file, and the one that is wanted, for this job.
    """
    job_id = new_id("job_")
    wrapped_keys = deps.key_service.wrap(sealed.key + wanted.key, file.user_id, job_id)
    job = AudioJob(
        job_id=job_id,
        kind=wanted.kind,
        user_id=file.user_id,
        file_id=file.file_id,
        s3_key=file.s3_key,
        etag=sealed.etag,
        size=sealed.size,
        state=QUEUED,
        created_at=now,
        due_at=now,
        wrapped_keys=wrapped_keys,
        language=wanted.language,
        sessions=frozenset({caller.holder}),
    )
    return deps.audio_jobs.begin(job, now)


@dataclass
class Held:
    """A job that this worker does. What is kept of it is kept under the condition that it still does."""

    deps: Deps
    job: AudioJob
    beaten_at: datetime
    is_stopping: Callable[[], bool]

    def note(self, **known: Any) -> None:
        """Keep what a successor must know, and that the worker is still there."""
        now = self.deps.clock()
        self.job = self.deps.audio_jobs.hold(self.job, now, self.deps.config.decrypt_job_lease, **known)
        self.beaten_at = now

    def watch(self, done: int) -> None:
        """Hear how far the work is, and say so from time to time."""
        if self.is_stopping():
            raise Stopping
        if self.deps.clock() - self.beaten_at >= self.deps.config.decrypt_job_lease / BEATS:
            self.note(progress=done)

    def give_back(self, after: timedelta, *, attempts: int) -> None:
        """Let somebody go on with it after a while."""
        self.deps.audio_jobs.give_back(self.job, self.deps.clock() + after, attempts=attempts)

    def finish(self, fault: str | None = None) -> None:
        """The end, well or not."""
        self.job = self.deps.audio_jobs.finish(self.job, self.deps.clock(), fault)
