"""The job that has text made of a recording: decrypt, transcribe, seal the text, and remove all that is clear."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import orjson

from panzoto.crypto import transcripts
from panzoto.deps import Deps
from panzoto.errors import NotFound, StorageUnavailable, TranscriptionFailed
from panzoto.models import object_keys
from panzoto.models.auth_state.audio_job import AudioJob

from ._audio_jobs import Held
from ._decrypting import FILE_KEY, clear_copy, keys_of, make_copy, note
from ._sealed_files import still_there

ASK_AGAIN = timedelta(seconds=5)
# The copy is there, and the transcriber may know of it; then it does.
COPIED, STARTED = "copied", "transcribing"
# Of the transcriber's answer, which has every word with its time, for many hours of talk.
MOST_BYTES = 64 * 2**20


def transcribe(held: Held) -> None:
    """Go one step further: nobody is held up while the transcriber works. Commit point: the end of the job."""
    if held.deps.transcriber is None:
        raise TranscriptionFailed
    if held.job.stage is None:
        make_copy(held)
        held.note(stage=COPIED)
    if held.job.stage == COPIED:
        held.deps.transcriber.start(_name(held.job), held.job.object_key or "", _output(held.job), held.job.language)
        held.note(stage=STARTED)
    elif held.deps.transcriber.ask(_name(held.job)).is_done:
        _keep(held)
        return
    held.give_back(ASK_AGAIN, attempts=0)


def _keep(held: Held) -> None:
    """Seal the text and keep it, unless its recording is gone; then remove all that is clear."""
    deps, job = held.deps, held.job
    found = deps.objects.whole(_output(job), MOST_BYTES)
    if found is None:
        raise TranscriptionFailed
    said = [each["transcript"] for each in orjson.loads(found)["results"]["transcripts"]]
    key = keys_of(held)[FILE_KEY:]
    place = object_keys.transcript_of(job.user_id, job.file_id)
    deps.copies.keep(place, transcripts.seal("\n".join(said), key, job.user_id, job.file_id))
    if not still_there(deps, job.user_id, job.file_id, job.s3_key):
        deps.bucket.delete(place)
        raise NotFound
    held.finish()
    note(held, "audio_transcribed")
    with suppress(StorageUnavailable):  # the sweep removes it
        clear_transcription(deps, job)


def clear_transcription(deps: Deps, job: AudioJob) -> None:
    """Remove all that is clear, and what the transcriber knows."""
    clear_copy(deps, job)
    if job.stage is None:
        return
    if deps.transcriber is not None:
        deps.transcriber.forget(_name(job))
    deps.bucket.delete(_output(job))


def _name(job: AudioJob) -> str:
    """Of the transcriber's job: another one for each copy, so that none is about a copy that is gone."""
    return f"panzoto-{(job.object_key or '').rpartition('/')[2].partition('.')[0]}"


def _output(job: AudioJob) -> str:
    return f"{object_keys.decrypted_of(job.user_id, job.file_id)}{_name(job)}.json"
