"""The job that decrypts a large recording."""

from __future__ import annotations

from panzoto.counters import DECRYPTS
from panzoto.deps import Deps
from panzoto.errors import NotFound
from panzoto.models.auth_state.audio_job import AudioJob

from ._audio_jobs import Held
from ._audit import record
from ._copying import copy, new_copy
from ._sealed_files import REFUSALS, Sealed
from .client import Client

FILE_KEY = 32
WORKER = Client("", "worker", "en")


def decrypt(held: Held) -> None:
    """Make the copy. Commit point: the end of the job; a copy of a worker that was not the last is deleted."""
    make_copy(held)
    held.finish()
    note(held, "audio_decrypted")


def make_copy(held: Held) -> None:
    """A copy of the job's recording, after what a predecessor has left of its own is cleared away."""
    deps, job = held.deps, held.job
    clear_copy(deps, job)
    key = new_copy(job.user_id, job.file_id, job.s3_key)
    held.note(object_key=key, upload_id=None, progress=0)
    file_key = keys_of(held)[:FILE_KEY]
    sealed = Sealed(s3_key=job.s3_key, size=job.size, etag=job.etag, header=b"", key=file_key)
    owner = (job.user_id, job.file_id)
    try:
        copy(deps, owner, sealed, key, watch=held.watch, begun=lambda upload_id: held.note(upload_id=upload_id))
    except REFUSALS as refused:
        DECRYPTS.labels("job", "refused").inc()
        note(held, "audio_decrypt_refused", why=type(refused).__name__)
        raise
    DECRYPTS.labels("job", "done").inc()


def keys_of(held: Held) -> bytes:
    """The keys of the job, which KMS opens for it alone. Where its owner is gone there are none any more."""
    job = held.job
    if job.wrapped_keys is None:
        raise NotFound
    return held.deps.key_service.unwrap(job.wrapped_keys, job.user_id, job.job_id)


def clear_copy(deps: Deps, job: AudioJob) -> None:
    """Remove what a worker has left of a copy that nobody will be told of."""
    if job.object_key is None:
        return
    if job.upload_id is not None:
        deps.multipart.abort(job.object_key, job.upload_id)
    deps.bucket.delete(job.object_key)


def note(held: Held, action: str, **details: str) -> None:
    """Tell what happened to the job's recording, to whoever reads the events. By which job is not theirs to know."""
    job = held.job
    known = {"file_id": job.file_id, "s3_key": job.s3_key, **details}
    record(held.deps, job.user_id, action, WORKER, held.deps.clock(), known, in_feed=False)
