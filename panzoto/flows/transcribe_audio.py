"""Somebody wants the text of a recording."""

from __future__ import annotations

from dataclasses import dataclass, field

from panzoto.crypto import transcripts
from panzoto.crypto.transcripts import transcript_key
from panzoto.deps import Deps
from panzoto.errors import NotFound, TranscriptionNotOffered
from panzoto.models import object_keys
from panzoto.models.audio_files import AudioFile
from panzoto.models.auth_state.audio_job import TRANSCRIBE, AudioJob

from ._audio_jobs import Wanted, new_job
from ._recordings import own
from ._sealed_files import audio_key_for, opened, prove, refusals_noted
from ._working import wake
from .authenticate import Caller
from .client import Client

# The text of many hours, and no more than an answer may hold.
MOST_BYTES = 16 * 2**20


@dataclass(frozen=True, kw_only=True)
class Transcript:
    """The text of a recording, sealed, if it is there; and the newest job that was to make it."""

    file: AudioFile
    job: AudioJob | None
    sealed: bytes | None = field(default=None, repr=False)


def transcribe_audio(
    deps: Deps, caller: Caller, file_id: str, password: str | None, language: str | None, client: Client
) -> AudioJob:
    """Have text made of a recording. Commit point: the item of the job, whose keys open this recording and its text."""
    now = deps.clock()
    if deps.transcriber is None:
        raise TranscriptionNotOffered
    prove(deps, caller, password, client, now)
    file = own(deps, caller, file_id, AudioFile)
    with refusals_noted(deps, caller.user.user_id, file_id, client, "transcript"):
        audio_key = audio_key_for(deps, caller, file, password)
        sealed = opened(deps, file, audio_key)
    key = transcript_key(audio_key, file.user_id, file_id)
    spoken = language or deps.config.transcribe_language
    job = new_job(deps, caller, file, sealed, Wanted(TRANSCRIBE, key, spoken), now)
    wake(deps)
    return job


def find_transcript(deps: Deps, caller: Caller, file_id: str) -> Transcript:
    """The sealed text, or how far it is. While a new one is made the old one is not shown."""
    now = deps.clock()
    file = own(deps, caller, file_id, AudioFile)
    job = deps.audio_jobs.find(TRANSCRIBE, file_id)
    caller.wait()
    if job is not None and job.is_open:
        if job.is_due(now):
            wake(deps)
        return Transcript(file=file, job=job)
    sealed = deps.objects.whole(object_keys.transcript_of(file.user_id, file_id), MOST_BYTES)
    if sealed is None and job is None:
        raise NotFound
    return Transcript(file=file, job=job, sealed=sealed)


def read_transcript(deps: Deps, caller: Caller, file_id: str, password: str | None, client: Client) -> str:
    """The text in clear, for whoever proves that they are its owner."""
    now = deps.clock()
    prove(deps, caller, password, client, now)
    file = own(deps, caller, file_id, AudioFile)
    sealed = deps.objects.whole(object_keys.transcript_of(file.user_id, file_id), MOST_BYTES)
    if sealed is None:
        raise NotFound
    key = transcript_key(audio_key_for(deps, caller, file, password), file.user_id, file_id)
    return transcripts.unseal(sealed, key, file.user_id, file_id)
