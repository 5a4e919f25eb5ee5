"""One job of a recording, as its item holds it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from panzoto.models.store.wire import Item
from panzoto.models.times import from_seconds, maybe_from_seconds, maybe_seconds, seconds

from .keys import key

KIND = "AUDIO_JOB"
DECRYPT, TRANSCRIBE = "decrypt", "transcribe"
QUEUED, RUNNING, DONE, FAILED = "queued", "running", "done", "failed"
OPEN = (QUEUED, RUNNING)
# After that nobody does any more what was not done.
LONGEST = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class AudioJob:
    """A job. `wrapped_keys` opens the one file, by KMS; it is gone as soon as the job is finished.

    `sessions` have proved that it is the owner who asks, and may have what the job has made.
    """

    job_id: str
    kind: str
    user_id: str
    file_id: str
    s3_key: str
    etag: str
    size: int
    state: str
    created_at: datetime
    due_at: datetime
    wrapped_keys: str | None = field(default=None, repr=False)
    progress: int = 0
    attempts: int = 0
    owner: str | None = None
    object_key: str | None = None
    upload_id: str | None = None
    stage: str | None = None
    language: str | None = None
    fault: str | None = None
    finished_at: datetime | None = None
    sessions: frozenset[str] = frozenset()

    @property
    def is_open(self) -> bool:
        """Whether there is something to do."""
        return self.state in OPEN

    def is_due(self, now: datetime) -> bool:
        """Whether anybody may take it."""
        return self.is_open and self.due_at <= now


def key_of(kind: str, file_id: str) -> dict[str, Any]:
    """The key of the newest job of a kind of a recording."""
    return key(KIND, f"{kind}#{file_id}")


def ends_of(job: AudioJob) -> int:
    """When an open job is over, in seconds since 1970."""
    return seconds(job.created_at + LONGEST)


def to_item(job: AudioJob) -> Item:
    """The item of a new job."""
    return {
        **key_of(job.kind, job.file_id),
        "JobID": job.job_id,
        "Kind": job.kind,
        "UserID": job.user_id,
        "FileID": job.file_id,
        "S3Key": job.s3_key,
        "ETag": job.etag,
        "Size": job.size,
        "State": job.state,
        "CreatedAt": seconds(job.created_at),
        "DueAt": seconds(job.due_at),
        "WrappedKeys": job.wrapped_keys,
        "Progress": job.progress,
        "Attempts": job.attempts,
        "Owner": job.owner,
        "ObjectKey": job.object_key,
        "UploadID": job.upload_id,
        "Stage": job.stage,
        "Language": job.language,
        "Fault": job.fault,
        "FinishedAt": maybe_seconds(job.finished_at),
        "Sessions": job.sessions,
        "TTL": ends_of(job),
    }


def from_item(item: Item) -> AudioJob:
    """The job that an item describes."""
    return AudioJob(
        job_id=item["JobID"],
        kind=item["Kind"],
        user_id=item["UserID"],
        file_id=item["FileID"],
        s3_key=item["S3Key"],
        etag=item["ETag"],
        size=item["Size"],
        state=item["State"],
        created_at=from_seconds(item["CreatedAt"]),
        due_at=from_seconds(item["DueAt"]),
        wrapped_keys=item.get("WrappedKeys"),
        progress=item["Progress"],
        attempts=item["Attempts"],
        owner=item["Owner"],
        object_key=item["ObjectKey"],
        upload_id=item["UploadID"],
        stage=item["Stage"],
        language=item["Language"],
        fault=item["Fault"],
        finished_at=maybe_from_seconds(item["FinishedAt"]),
        sessions=frozenset(item.get("Sessions", ())),
    )
