"""The answers about recordings that are decrypted or transcribed."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from panzoto import errors
from panzoto.flows.follow_job import Followed
from panzoto.flows.transcribe_audio import Transcript
from panzoto.models.auth_state.audio_job import DONE, AudioJob
from panzoto.models.user import User
from panzoto.web.errors import code_of
from panzoto.web.recordings import audio_file

RETRY_AFTER = 2
INTERNAL = {"error": "Something went wrong on our side.", "code": "internal"}


def job(found: Followed, owner: User, status_url: str) -> dict[str, Any]:
    """How far a job is, as its owner sees it."""
    body = {
        "status": found.job.state,
        "job_id": found.job.job_id,
        "progress": _percent(found.job),
        "status_url": status_url,
        "file_info": audio_file(found.file, owner),
    }
    if found.url is not None and found.expires_at is not None:
        body |= {"download_url": found.url, "expires_at": found.expires_at.isoformat()}
    return body | _fault(found.job)


def transcript(found: Transcript) -> dict[str, Any]:
    """The text of a recording, sealed, or how far it is."""
    state = found.job.state if found.job and (found.job.is_open or found.sealed is None) else DONE
    body: dict[str, Any] = {"status": state, "language": found.job.language if found.job else None}
    if found.sealed is not None:
        body["sealed_transcript"] = b64encode(found.sealed).decode()
    return body | (_fault(found.job) if found.job else {})


def _percent(of: AudioJob) -> int:
    return 100 if of.state == DONE else min(99, of.progress * 100 // max(1, of.size))


def _fault(of: AudioJob) -> dict[str, Any]:
    """Why it failed, as an error says it."""
    if of.fault is None:
        return {}
    kind = getattr(errors, of.fault, None)
    if kind is None:
        return {"fault": INTERNAL}
    return {"fault": {"error": kind.sentence, "code": code_of(kind)}}
