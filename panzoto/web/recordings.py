"""The answers about recordings."""

from __future__ import annotations

from typing import Any

from panzoto.flows.upload_audio import Offer
from panzoto.models.audio_file import version_of
from panzoto.models.audio_files import AudioFile
from panzoto.models.user import User


def audio_file(file: AudioFile, owner: User) -> dict[str, Any]:
    """A recording, as its owner sees it."""
    return {
        "file_id": file.file_id,
        "user_id": file.user_id,
        "s3_key": file.s3_key,
        "file_size": file.file_size,
        "uploaded_at": file.uploaded_at.isoformat(),
        "filename": file.filename,
        "content_type": file.content_type,
        "checksum_sha256": file.checksum_sha256,
        "audio_key_version": file.audio_key_version,
        "sealed_under_old_key": file.audio_key_version < version_of(owner.audio_key),
    }


def offer(offered: Offer, complete: str) -> dict[str, Any]:
    """Where an upload goes; `complete` is the path that puts parts together."""
    upload, address = offered.upload, offered.address
    way: dict[str, Any]
    if address is not None:
        way = {"method": address.method, "url": address.url, "headers": address.headers}
    else:
        way = {
            "upload_id": upload.upload_id,
            "part_size": upload.part_size,
            "parts": [{"part_number": each.number, "size": each.size, "url": each.url} for each in offered.parts],
            "received": offered.received,
            "complete": complete,
        }
    return {
        "file_id": upload.file_id,
        "s3_key": upload.s3_key,
        "upload": way,
        "expires_at": offered.expires_at.isoformat(),
    }
