"""One recording as its item holds it: first an upload, then a record, and while it is being deleted neither.

Only a record has `s3_key` and `uploaded_at`, so that the indexes, and with them every list, hold nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from . import object_keys
from .audio_keys import AudioKey
from .store.wire import Item
from .times import from_iso, from_seconds, seconds

FIRST_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class AudioFile:
    """A recording as it is recorded.

    `audio_key_version` says under which of its owner's audio keys it was sealed. `owns_object` is off where the seed's
    address recorded a key outside of its owner's part of the bucket: such a record gives nobody a way to the object.
    Older software wrote no such mark; its records own what is in their owner's part, and nothing else.
    """

    file_id: str
    user_id: str
    s3_key: str
    file_size: int | None
    uploaded_at: datetime
    filename: str | None = None
    content_type: str | None = None
    checksum_sha256: str | None = None
    audio_key_version: int = FIRST_VERSION
    owns_object: bool = True


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A recording on its way; `upload_id` and `part_size` are there when it comes in parts."""

    file_id: str
    user_id: str
    s3_key: str
    file_size: int
    filename: str
    content_type: str
    started_at: datetime
    checksum_sha256: str | None = None
    audio_key_version: int = FIRST_VERSION
    upload_id: str | None = None
    part_size: int | None = None


@dataclass(frozen=True, kw_only=True)
class Leaving:
    """A recording that is being deleted."""

    file_id: str
    user_id: str
    s3_key: str
    deleting_at: datetime
    upload_id: str | None = None
    owns_object: bool = True


State = AudioFile | Upload | Leaving


def version_of(audio_key: AudioKey | None) -> int:
    """The version of a person's audio key; whoever has none yet gets the first."""
    return audio_key.version if audio_key else FIRST_VERSION


def to_item(state: State) -> Item:
    """The item of a recording; a record has the seed's attributes. What there is none of is left out."""
    item: Item = {"file_id": state.file_id, "user_id": state.user_id}
    if isinstance(state, Leaving):
        item |= {"object_key": state.s3_key, "deleting_at": seconds(state.deleting_at), "upload_id": state.upload_id}
    else:
        item |= {
            "file_size": state.file_size,
            "filename": state.filename,
            "content_type": state.content_type,
            "checksum_sha256": state.checksum_sha256,
            "audio_key_version": state.audio_key_version,
        }
    if isinstance(state, AudioFile):
        at = state.uploaded_at
        item |= {"s3_key": state.s3_key, "uploaded_at": seconds(at), "uploaded_at_iso": at.isoformat()}
    if isinstance(state, Upload):
        item |= {"object_key": state.s3_key, "started_at": seconds(state.started_at)}
        item |= {"upload_id": state.upload_id, "part_size": state.part_size}
    else:
        item["owns_object"] = state.owns_object
    return {name: value for name, value in item.items() if value is not None}


def from_item(item: Item) -> State:
    """The recording that an item describes, in whichever state it is."""
    if "deleting_at" in item:
        return Leaving(
            file_id=item["file_id"],
            user_id=item["user_id"],
            s3_key=item["object_key"],
            deleting_at=from_seconds(item["deleting_at"]),
            upload_id=item.get("upload_id"),
            owns_object=_owns(item, item["object_key"]),
        )
    if "started_at" in item:
        return Upload(
            file_id=item["file_id"],
            user_id=item["user_id"],
            s3_key=item["object_key"],
            file_size=item["file_size"],
            filename=item["filename"],
            content_type=item["content_type"],
            started_at=from_seconds(item["started_at"]),
            checksum_sha256=item.get("checksum_sha256"),
            audio_key_version=item["audio_key_version"],
            upload_id=item.get("upload_id"),
            part_size=item.get("part_size"),
        )
    return record_of(item)


def record_of(item: Item) -> AudioFile:
    """The record that an item holds; those that older software wrote lack what it did not know."""
    return AudioFile(
        file_id=item["file_id"],
        user_id=item["user_id"],
        s3_key=item["s3_key"],
        file_size=item.get("file_size"),
        uploaded_at=_uploaded_at(item),
        filename=item.get("filename"),
        content_type=item.get("content_type"),
        checksum_sha256=item.get("checksum_sha256"),
        audio_key_version=item.get("audio_key_version", FIRST_VERSION),
        owns_object=_owns(item, item["s3_key"]),
    )


def _owns(item: Item, key: str) -> bool:
    """Whether the object is its owner's: as it is marked, but nobody's where it is decrypted or somebody else's.

    The seed recorded any key for anybody, so that without a mark a key says nothing outside of its owner's part.
    """
    user_id = item["user_id"]
    is_elsewhere = object_keys.owner_named_by(key) != user_id
    if is_elsewhere and (object_keys.is_decrypted(key) or object_keys.is_anothers(key, user_id)):
        return False
    marked: bool = item["owns_object"] if "owns_object" in item else key.startswith(object_keys.prefix(user_id))
    return marked


def _uploaded_at(item: Item) -> datetime:
    """Not `uploaded_at` where it can be helped: where the seed wrote it the machine's time zone has shifted it."""
    if "uploaded_at_iso" not in item:
        return from_seconds(item["uploaded_at"])
    return from_iso(item["uploaded_at_iso"])
