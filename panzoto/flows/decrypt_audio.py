"""Somebody wants a recording decrypted for transcription."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from panzoto.counters import DECRYPTS
from panzoto.deps import Deps
from panzoto.models.audio_files import AudioFile
from panzoto.models.auth_state.audio_job import DECRYPT, AudioJob

from ._audio_jobs import Wanted, new_job
from ._audit import record
from ._copying import address_of, copy, new_copy
from ._sealed_files import Sealed, audio_key_for, named, opened, prove, refusals_noted
from ._working import wake
from .authenticate import Caller
from .client import Client


@dataclass(frozen=True)
class Decrypted:
    """A recording that was decrypted, and where its copy is got until when."""

    file: AudioFile
    url: str
    expires_at: datetime


@dataclass(frozen=True)
class Begun:
    """A recording that is being decrypted."""

    file: AudioFile
    job: AudioJob


def decrypt_audio(
    deps: Deps,
    caller: Caller,
    password: str | None,
    client: Client,
    *,
    file_id: str | None = None,
    s3_key: str | None = None,
) -> Decrypted | Begun:
    """Decrypt a recording, at once or, if it is large, after the answer.

    Commit point: S3's completion of the copy, or the item of the job. A crash before it leaves parts, which lead
    nowhere and are swept; after it a copy that nobody was told of, which goes within a day.
    """
    now = deps.clock()
    prove(deps, caller, password, client, now)
    file = named(deps, caller, file_id, s3_key)
    with refusals_noted(deps, file.user_id, file.file_id, client, "copy"):
        sealed = opened(deps, file, audio_key_for(deps, caller, file, password))
        if sealed.size < deps.config.decrypt_async_from_bytes:
            return _decrypted(deps, file, sealed, client)
    job = new_job(deps, caller, file, sealed, Wanted(DECRYPT), now)
    wake(deps)
    return Begun(file, job)


def _decrypted(deps: Deps, file: AudioFile, sealed: Sealed, client: Client) -> Decrypted:
    """Decrypt it while its owner waits."""
    key = new_copy(file.user_id, file.file_id, file.s3_key)
    with deps.decrypting.passing():
        copy(deps, (file.user_id, file.file_id), sealed, key)
    DECRYPTS.labels("copy", "done").inc()
    details = {"file_id": file.file_id, "s3_key": file.s3_key}
    record(deps, file.user_id, "audio_decrypted", client, deps.clock(), details, in_feed=False)
    return Decrypted(file, *address_of(deps, file, key))
