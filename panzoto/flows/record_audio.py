"""Somebody tells of a recording that is in the bucket."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from panzoto.deps import Deps
from panzoto.errors import AccessDenied, FileTooLarge, SizeMismatch, UploadMissing
from panzoto.models import object_keys
from panzoto.models.audio_file import version_of
from panzoto.models.audio_files import AudioFile, State, Upload, same
from panzoto.models.user import User

from .authenticate import Caller


@dataclass(frozen=True)
class Recorded:
    """A record, and whether it was made just now."""

    file: AudioFile
    is_new: bool


def record_audio(deps: Deps, caller: Caller, s3_key: str, file_size: int | None, *, verify: bool) -> Recorded:
    """Record a recording. The same key again gives the same record, to whoever lost the first answer.

    With `verify` the object is looked up first; without it the caller is believed, as the seed does, but for uploads in
    parts: what is recorded before it is put together could not be put together any more.
    Commit point: `record`. A crash before it leaves an object that asking again records, and that is swept in the end.
    """
    now = deps.clock()
    user = caller.user
    if file_size is not None and file_size > deps.config.max_upload_bytes:
        raise FileTooLarge
    owns_object = _may_name(deps, user, s3_key, verify=verify)
    # what is not the caller's part is believed, and must not take the id of an upload that the key only names
    file_id = object_keys.file_id_of(s3_key) if owns_object else object_keys.derived_id(s3_key)
    state = deps.audio_files.look(file_id) or _recorded_before(deps, user, s3_key)
    if isinstance(state, Upload) and (state.user_id, state.s3_key) == (user.user_id, s3_key):
        file, verify = _of_upload(state, file_size, now), verify or state.upload_id is not None
        kept = deps.audio_files.record(_verified(deps, file, file_size) if verify else file, state)
    elif state is not None:
        file = same(state, user.user_id, s3_key)
        return Recorded(_verified(deps, file, file_size) if verify else file, is_new=False)
    else:
        deps.rates.charge("upload.account", user.user_id, now)  # an upload was charged when it was begun
        named = AudioFile(file_id=file_id, user_id=user.user_id, s3_key=s3_key, file_size=file_size, uploaded_at=now)
        file = replace(named, audio_key_version=version_of(user.audio_key), owns_object=owns_object)
        kept = deps.audio_files.record(_verified(deps, file, file_size) if verify else file, None)
    return Recorded(kept, is_new=kept.uploaded_at == now)


def _may_name(deps: Deps, user: User, s3_key: str, *, verify: bool) -> bool:
    """Whether the key is in the caller's part of the bucket. Raises where it is in somebody else's, or in no person's.

    The seed's own example names a folder of nobody: where the caller is believed it is taken, for what it is worth.
    """
    object_keys.check(s3_key)
    if s3_key.startswith(object_keys.prefix(user.user_id)):
        return True
    owner = object_keys.owner_named_by(s3_key)
    # ids that we give are not looked up, so that nobody learns here who exists
    anothers = object_keys.is_anothers(s3_key, user.user_id) or (owner is not None and deps.users.find(owner))
    if verify or anothers or object_keys.is_decrypted(s3_key):
        raise AccessDenied("This s3_key is not in your part of the bucket.")
    return False


def _recorded_before(deps: Deps, user: User, s3_key: str) -> State | None:
    """The record of a key that older software made, whose id does not follow from it; the caller's own, if there is."""
    found = deps.audio_files.with_key(s3_key)
    return next((each for each in found if each.user_id == user.user_id), found[0] if found else None)


def _of_upload(upload: Upload, file_size: int | None, now: datetime) -> AudioFile:
    """The record of an upload."""
    if file_size not in {None, upload.file_size}:
        raise SizeMismatch
    return AudioFile(
        file_id=upload.file_id,
        user_id=upload.user_id,
        s3_key=upload.s3_key,
        file_size=upload.file_size,
        uploaded_at=now,
        filename=upload.filename,
        content_type=upload.content_type,
        checksum_sha256=upload.checksum_sha256,
        audio_key_version=upload.audio_key_version,
    )


def _verified(deps: Deps, file: AudioFile, file_size: int | None) -> AudioFile:
    """The same, if the object is there and has the size that is known, and the one that the caller tells."""
    stored = deps.bucket.find(file.s3_key)
    if stored is None:
        raise UploadMissing
    if not {file.file_size, file_size} <= {None, stored.size}:
        raise SizeMismatch
    return replace(file, file_size=stored.size)
