"""Somebody gets a recording of theirs as it is stored: sealed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from panzoto.deps import Deps
from panzoto.errors import AccessDenied, UploadMissing
from panzoto.models import object_keys
from panzoto.models.audio_files import AudioFile

from ._recordings import own
from .authenticate import Caller


@dataclass(frozen=True)
class Download:
    """Where a recording is got, and until when."""

    url: str
    expires_at: datetime


def get_audio(deps: Deps, caller: Caller, file_id: str) -> AudioFile:
    """A recording of the caller's."""
    return own(deps, caller, file_id, AudioFile)


def download_audio(deps: Deps, caller: Caller, file_id: str) -> Download:
    """An address to get a recording from. It writes nothing; the address ends by itself."""
    now = deps.clock()
    file = own(deps, caller, file_id, AudioFile)
    caller.wait()
    if not file.owns_object:
        raise AccessDenied(
            "This recording was recorded outside of your part of the bucket; it cannot be got from there."
        )
    if deps.bucket.find(file.s3_key) is None:
        raise UploadMissing("There is no file under the s3_key of this recording.")
    name = f"{file.file_id}.{object_keys.ending(file.s3_key)}"
    return Download(deps.addresses.to_get(file.s3_key, name), now + deps.config.download_url_expiry)
