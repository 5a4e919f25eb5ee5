"""Somebody deletes their account, and everything that was theirs."""

from __future__ import annotations

from contextlib import suppress

from panzoto.deps import Deps
from panzoto.models import object_keys
from panzoto.models.audio_file import record_of
from panzoto.models.auth_state.audio_job import TRANSCRIBE, AudioJob
from panzoto.models.auth_state.audio_jobs import JobLost
from panzoto.models.store.transaction import transact
from panzoto.models.user import ADMIN, User

from ._audit import record, recording
from ._mail import afterwards
from ._reauthenticate import reauthenticate
from ._recordings import remove_copies
from ._sessions import forget_sessions
from .authenticate import Caller
from .client import SWEEP, Client
from .oauth._revoking import end_all

DELETED = "deleted"


def delete_me(deps: Deps, caller: Caller, current_password: str | None, client: Client) -> None:
    """Delete the caller's account.

    Commit point: one transaction of the mark on the person, from which moment nobody signs in and no token works, and
    the event, by which the deletion is known for good. The last administrator stays. What hangs on the account is
    deleted after the answer; a crash on the way is repaired by `flask users sweep`, which begins again.
    """
    now, user_id = deps.clock(), caller.user.user_id
    reauthenticate(deps, caller, current_password, client, now)
    leaving = [deps.admins.removing(user_id)] if ADMIN in caller.user.roles else []
    deleting, recorded = deps.users.beginning_deletion(caller.user, now), recording(deps, user_id, DELETED, client, now)
    transact(deps.gateway, *leaving, deleting, recorded)
    afterwards(deps, "delete_me", lambda: _erase(deps, user_id))


def _erase(deps: Deps, user_id: str) -> None:
    """Delete what hangs on an account now: an email may have been verified since its person was read."""
    if (user := deps.users.find(user_id)) is not None:
        erase(deps, user)


def finish(deps: Deps, user: User) -> None:
    """Do what was left undone. A mark that older software or somebody's hand has made may not be on record yet."""
    if not any(each["action"] == DELETED for each in deps.audit.all_of(user.user_id)):
        record(deps, user.user_id, DELETED, SWEEP, deps.clock())
    erase(deps, user)


def erase(deps: Deps, user: User) -> None:
    """Delete all that hangs on an account, and the person last; every step may be done again."""
    forget_sessions(deps, deps.sessions.of(user.user_id))
    deps.one_use_tokens.forget(user.user_id)
    _erase_recordings(deps, user.user_id)
    end_all(deps, user, deps.clock())
    deps.oauth_logs.forget(user.user_id)
    if user.phone:
        deps.otps.forget(user.phone)
        deps.phones.release(user.phone, user.user_id)
    if user.email:
        deps.emails.release(user.email, user.user_id)
    deps.users.delete_person(user.user_id)


def _erase_recordings(deps: Deps, user_id: str) -> None:
    """Delete a person's uploads, objects and records. What is on its way, or too new for the index, S3 knows of."""
    prefix = object_keys.prefix(user_id)
    begun = list(deps.multipart.under(prefix))
    keys = [each.key for each in begun] + [each.key for each in deps.bucket.under(prefix)]
    items = deps.audio_files.get_many([{"file_id": object_keys.file_id_of(each)} for each in keys])
    file_ids = {item["file_id"] for item in items if item["user_id"] == user_id}
    for upload in begun:
        deps.multipart.abort(upload.key, upload.upload_id)
    deps.bucket.empty(prefix)
    for job in deps.audio_jobs.open_jobs(user_id):
        _let_go(deps, job)
    remove_copies(deps, f"{object_keys.DECRYPTED}/{user_id}/")
    for file in map(record_of, deps.audio_files.of(user_id)):
        elsewhere = file.owns_object and not file.s3_key.startswith(prefix)  # where older software put it
        if elsewhere and all(each.user_id == user_id for each in deps.audio_files.owning(file.s3_key)):
            deps.bucket.delete(file.s3_key)
        file_ids.add(file.file_id)
        deps.audio_files.count_deleted(file)
    deps.audio_files.forget(sorted(file_ids))


def _let_go(deps: Deps, job: AudioJob) -> None:
    """Forget a job. A transcription stays, without keys: a worker removes what the transcriber will have written."""
    with suppress(JobLost):  # it has ended at this moment
        if job.kind == TRANSCRIBE:
            deps.audio_jobs.orphan(job)
        else:
            deps.audio_jobs.forget(job)
