"""Somebody asks what became of a recording that is decrypted after the answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from panzoto.deps import Deps
from panzoto.errors import NotFound
from panzoto.models.audio_files import AudioFile
from panzoto.models.auth_state.audio_job import DECRYPT, DONE, AudioJob
from panzoto.models.auth_state.audio_jobs import REMEMBERED

from ._copying import address_of
from ._recordings import own
from ._working import wake
from .authenticate import Caller


@dataclass(frozen=True)
class Followed:
    """A job, and where its copy is got until when, if it is done and whoever asks may have it."""

    file: AudioFile
    job: AudioJob
    url: str | None = None
    expires_at: datetime | None = None


def follow_job(deps: Deps, caller: Caller, file_id: str, job_id: str) -> Followed:
    """How far a job is. One that nobody works on any more is found by this, and taken over.

    The copy is for sessions that have proved it is the owner who asks; to know the job proves nothing.
    """
    now = deps.clock()
    file = own(deps, caller, file_id, AudioFile)
    job = deps.audio_jobs.find(DECRYPT, file_id)
    if job is None or (job.job_id, job.user_id) != (job_id, caller.user_id):
        raise NotFound
    if job.finished_at is not None and now >= job.finished_at + REMEMBERED:
        raise NotFound
    caller.wait()
    if job.is_due(now):
        wake(deps)
    if job.state == DONE and job.object_key is not None and caller.holder in job.sessions:
        return Followed(file, job, *address_of(deps, file, job.object_key))
    return Followed(file, job)
