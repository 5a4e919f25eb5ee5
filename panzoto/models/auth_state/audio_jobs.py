"""Work on recordings that goes on after the answer: one job of a kind for each recording, done by one worker at a time.

A job is its item, so that it outlives the process that began it. `DueAt` is the one time that says who may take it: of
a job that waits it is when it may begin, of one that is worked on it is when the worker's lease ends.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from panzoto.errors import Conflict
from panzoto.models import object_keys
from panzoto.models.spec import AUTH_STATE
from panzoto.models.store.expressions import Attr, Change, Condition, Key
from panzoto.models.store.transaction import transact
from panzoto.models.store.wire import Item
from panzoto.models.table import Table
from panzoto.models.times import seconds

from .audio_job import DONE, FAILED, OPEN, QUEUED, RUNNING, AudioJob, ends_of, from_item, key_of, to_item

QUEUE = "AUDIO_QUEUE"
# How long somebody may ask what became of a job.
REMEMBERED = timedelta(hours=1)


class JobLost(Conflict):
    """Somebody else works on this job by now, or it is gone: whoever hears it stops."""

    sentence = "Somebody else works on this by now."


class AudioJobs(Table):
    """`AUDIO_JOB#<kind>#<file_id>`: the newest of a kind of a recording; and the queue of those that are open."""

    spec = AUTH_STATE

    def find(self, kind: str, file_id: str) -> AudioJob | None:
        """The newest job of a kind."""
        item = self.get(key_of(kind, file_id))
        return from_item(item) if item else None

    def begin(self, job: AudioJob, now: datetime) -> AudioJob:
        """Keep a job and its place in the queue; or, if one is open already, have its sessions share in that one."""
        free = Attr("PK").not_exists() | ~Attr("State").is_in(list(OPEN)) | Attr("TTL").lte(seconds(now))
        known = {"FileID": job.file_id, "JobID": job.job_id, "UserID": job.user_id, "TTL": ends_of(job)}
        try:
            transact(
                self._gateway,
                self.putting(to_item(job), when=free, otherwise=_Open),
                self.putting(_place(job.kind, job.file_id) | known),
            )
        except _Open:
            return self._shared(job)
        return job

    def _shared(self, job: AudioJob) -> AudioJob:
        """The job that is there, with the sessions of this one; it may have ended meanwhile."""
        joining = Change(add={"Sessions": set(job.sessions)})
        same = Attr("UserID").eq(job.user_id)
        return from_item(self.update(key_of(job.kind, job.file_id), joining, when=same))

    def open_jobs(self, user_id: str | None = None) -> list[AudioJob]:
        """The jobs that are open, of one person or of all. Places whose job is not open any more are cleared away."""
        entries = list(self.query_all(Key("PK").eq(QUEUE)))
        wanted = [entry for entry in entries if user_id in (None, entry["UserID"])]
        jobs = map(from_item, self.get_many(key_of(*_named_by(entry)) for entry in wanted))
        found = {job.job_id: job for job in jobs if job.is_open}
        for entry in wanted:
            if entry["JobID"] not in found:
                self.leave_queue(*_named_by(entry), entry["JobID"])
        return list(found.values())

    def claim(self, job: AudioJob, owner: str, now: datetime, lease: timedelta) -> AudioJob:
        """Take a job that is due: of many workers one does, until its lease ends."""
        due = Attr("JobID").eq(job.job_id) & Attr("State").is_in(list(OPEN)) & Attr("DueAt").lte(seconds(now))
        taken = {"State": RUNNING, "Owner": owner, "DueAt": seconds(now + lease)}
        return self._changed(job, Change(set=taken, add={"Attempts": 1}), due)

    def hold(self, job: AudioJob, now: datetime, lease: timedelta, **known: Any) -> AudioJob:
        """Say that it is still worked on, and how far it is."""
        named = {_NAMES[name]: value for name, value in known.items()}
        return self._changed(job, Change(set={"DueAt": seconds(now + lease), **named}), _mine(job))

    def give_back(self, job: AudioJob, due_at: datetime, *, attempts: int) -> AudioJob:
        """Let somebody go on with it from then on."""
        waiting = {"State": QUEUED, "Owner": None, "DueAt": seconds(due_at), "Attempts": attempts}
        return self._changed(job, Change(set=waiting), _mine(job))

    def finish(self, job: AudioJob, now: datetime, fault: str | None = None) -> AudioJob:
        """The end of a job, well or not: its keys go at once, itself when nobody asks for it any more."""
        ended = {
            "State": FAILED if fault else DONE,
            "Fault": fault,
            "FinishedAt": seconds(now),
            "ObjectKey": None if fault else job.object_key,
            "TTL": seconds(now + REMEMBERED),
        }
        finished = self._changed(job, Change(set=ended, remove=["WrappedKeys"]), _mine(job))
        self.leave_queue(job.kind, job.file_id, job.job_id)
        return finished

    def leave_queue(self, kind: str, file_id: str, job_id: str) -> None:
        """Forget the place of a job that is not open; a newer one's stays."""
        with suppress(JobLost):
            self.delete(_place(kind, file_id), when=Attr("JobID").eq(job_id), otherwise=JobLost)

    def orphan(self, job: AudioJob) -> None:
        """Take the keys of a job whose owner is gone. It stays in the queue, for whoever removes what it has made."""
        same: Condition = Attr("JobID").eq(job.job_id)
        self._changed(job, Change(remove=["WrappedKeys"]), same & Attr("State").is_in(list(OPEN)))

    def forget(self, job: AudioJob) -> None:
        """Delete a job, if no newer one has its place; whoever works on it hears that it is not there any more."""
        self.delete(key_of(job.kind, job.file_id), when=Attr("JobID").eq(job.job_id), otherwise=JobLost)
        self.leave_queue(job.kind, job.file_id, job.job_id)

    def _changed(self, job: AudioJob, change: Change, when: Condition) -> AudioJob:
        return from_item(self.update(key_of(job.kind, job.file_id), change, when=when, otherwise=JobLost))


class _Open(Exception):
    """There is a job already."""


def _place(kind: str, file_id: str) -> dict[str, Any]:
    """The place of a job in the queue. Ids that older software gave may be longer than there is room for."""
    place = {"PK": QUEUE, "SK": f"{kind}#{file_id}"}
    if not AUTH_STATE.can_hold(place):
        place["SK"] = f"{kind}#{object_keys.derived_id(f'{QUEUE}#{file_id}')}"
    return place


def _named_by(entry: Item) -> tuple[str, str]:
    kind, _, file_id = entry["SK"].partition("#")
    return kind, entry.get("FileID", file_id)  # it was in `SK` alone before


def _mine(job: AudioJob) -> Condition:
    same: Condition = Attr("JobID").eq(job.job_id)
    return same & Attr("Owner").eq(job.owner) & Attr("State").eq(RUNNING)


_NAMES = {
    "progress": "Progress",
    "object_key": "ObjectKey",
    "upload_id": "UploadID",
    "stage": "Stage",
}
