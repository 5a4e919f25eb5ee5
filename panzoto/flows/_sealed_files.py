"""What decrypting a recording begins with: the proof that its owner asks, and the key of this one file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from panzoto.counters import DECRYPTS
from panzoto.crypto.streaming.audio import AudioDecryptor
from panzoto.crypto.streaming.layout import AUDIO
from panzoto.deps import Deps
from panzoto.errors import (
    AccessDenied,
    AudioDamaged,
    Conflict,
    InvalidRequest,
    NotFound,
    PanzotoError,
    SealedUnderOldKey,
    UploadMissing,
)
from panzoto.models import object_keys
from panzoto.models.audio_file import version_of
from panzoto.models.audio_files import AudioFile

from . import _audio_key
from ._audit import record
from ._reauthenticate import check_password
from ._recordings import own
from .authenticate import Caller
from .client import Client

REFUSALS = (AudioDamaged, SealedUnderOldKey)


@dataclass(frozen=True, kw_only=True)
class Sealed:
    """A sealed file as S3 has it now, and the key that opens it alone; the audio key is not needed any more."""

    s3_key: str
    size: int
    etag: str
    header: bytes
    key: bytes = field(repr=False)

    @property
    def length(self) -> int:
        """Of the recording."""
        return AUDIO.plaintext_length(self.size)


def prove(deps: Deps, caller: Caller, password: str | None, client: Client, now: datetime) -> None:
    """Raise unless it is the owner who asks: by the password, or, without one, by a sign-in that is not long ago."""
    if caller.user.password_hash is not None and password is None:
        details = [{"field": "password", "problem": "is missing"}]
        raise InvalidRequest("Password required for decryption", details=details)
    check_password(deps, caller, password, client, now)
    deps.rates.charge("decrypt.account", caller.user.user_id, now)


def named(deps: Deps, caller: Caller, file_id: str | None, s3_key: str | None) -> AudioFile:
    """The caller's recording of that id, or else of that key."""
    if file_id is not None:
        return own(deps, caller, file_id, AudioFile)
    if s3_key is None:
        raise InvalidRequest("file_id or s3_key required", details=[{"field": "file_id", "problem": "is missing"}])
    state = deps.audio_files.look(object_keys.file_id_of(s3_key))
    if isinstance(state, AudioFile) and (state.user_id, state.s3_key) == (caller.user.user_id, s3_key):
        return state
    for each in deps.audio_files.with_key(s3_key):  # ids that older software gave do not follow from keys
        if each.user_id == caller.user.user_id:
            return own(deps, caller, each.file_id, AudioFile)
    raise NotFound


def audio_key_for(deps: Deps, caller: Caller, file: AudioFile, password: str | None) -> bytes:
    """The owner's audio key, if it is the one that the recording was sealed under."""
    kept = caller.user.audio_key
    if not file.owns_object:
        raise AccessDenied("This recording is outside of your part of the bucket; it cannot be decrypted from there.")
    if file.audio_key_version < version_of(kept):
        raise SealedUnderOldKey
    if kept is None:  # nobody can have sealed it for an account without a key
        raise AudioDamaged
    return _audio_key.opened(deps, caller.user, kept, password)


def opened(deps: Deps, file: AudioFile, audio_key: bytes) -> Sealed:
    """The file of a recording, and its key. What of it is whole and unchanged shows when it is read."""
    found = deps.objects.beginning(file.s3_key, AUDIO.header_bytes)
    if found is None:
        raise UploadMissing("There is no file under the s3_key of this recording.")
    AUDIO.plaintext_length(found.size)
    key = AudioDecryptor(audio_key, file.s3_key).file_key(found.first)
    return Sealed(s3_key=file.s3_key, size=found.size, etag=found.etag, header=found.first, key=key)


def still_there(deps: Deps, user_id: str, file_id: str, s3_key: str) -> bool:
    """Whether the recording is there, and its owner: what was made meanwhile of one that is deleted must go, too."""
    state, user = deps.audio_files.look(file_id), deps.users.find(user_id)
    is_there = isinstance(state, AudioFile) and (state.user_id, state.s3_key) == (user_id, s3_key)
    return is_there and user is not None and user.may_sign_in


@contextmanager
def refusals_noted(deps: Deps, user_id: str, file_id: str, client: Client, way: str) -> Iterator[None]:
    """What is refused inside for what the file is, is told to whoever reads the events; and all of it is counted."""
    try:
        yield
    except REFUSALS as refused:
        DECRYPTS.labels(way, "refused").inc()
        details = {"file_id": file_id, "why": type(refused).__name__}
        record(deps, user_id, "audio_decrypt_refused", client, deps.clock(), details, in_feed=False)
        raise
    except PanzotoError as fault:
        DECRYPTS.labels(way, "conflict" if isinstance(fault, Conflict) else "failed").inc()
        raise
