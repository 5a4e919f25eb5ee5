"""Somebody uploads a recording: straight to S3, at once or part by part, and goes on with it hours later."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime

from panzoto.aws.addresses import Address
from panzoto.aws.multipart import Part
from panzoto.deps import Deps
from panzoto.errors import FileTooLarge, NotFound, PartsMissing, SizeMismatch, UploadMissing
from panzoto.models import object_keys
from panzoto.models.audio_file import version_of
from panzoto.models.audio_files import Leaving, Upload

from ._recordings import own, remove
from .authenticate import Caller

MOST_PARTS = 1000
MIB = 2**20


@dataclass(frozen=True, kw_only=True)
class PartAddress:
    """Where one part is put."""

    number: int
    size: int
    url: str


@dataclass(frozen=True, kw_only=True)
class Offer:
    """Where an upload goes until when: one address, or one for each part that has not arrived."""

    upload: Upload
    expires_at: datetime
    address: Address | None
    parts: list[PartAddress]
    received: list[int]


def begin_upload(
    deps: Deps, caller: Caller, filename: str, content_type: str, file_size: int, *, checksum_sha256: str | None = None
) -> Offer:
    """Begin an upload.

    Commit point: `begin`. A crash before it leaves, of a large file, an upload at S3 that nobody knows of; after it one
    that nobody goes on with. The sweep removes both.
    """
    now = deps.clock()
    user = caller.user
    deps.rates.charge("upload.account", user.user_id, now)
    if file_size > deps.config.max_upload_bytes:
        raise FileTooLarge
    file_id = str(uuid.uuid4())
    upload = Upload(
        file_id=file_id,
        user_id=user.user_id,
        s3_key=object_keys.new(user.user_id, file_id, filename),
        file_size=file_size,
        filename=filename,
        content_type=content_type,
        started_at=now,
        checksum_sha256=checksum_sha256,
        audio_key_version=version_of(user.audio_key),
    )
    if file_size >= deps.config.multipart_from_bytes:
        upload_id = deps.multipart.begin(upload.s3_key, file_id, content_type)
        upload = replace(upload, upload_id=upload_id, part_size=_part_size(deps, file_size))
    deps.audio_files.begin(upload)
    return _offer(deps, upload, [], now)


def resume_upload(deps: Deps, caller: Caller, file_id: str, checksum_sha256: str | None = None) -> Offer:
    """Fresh addresses for what has not arrived: S3 knows which parts have. Signing up to a thousand is charged.

    Whoever tells which sealed file they have goes on with that alone: parts of two sealings make a file for nobody.
    Commit point: `identify`. A crash after it leaves an upload that takes this file.
    """
    now = deps.clock()
    upload = own(deps, caller, file_id, Upload)
    if upload.upload_id is not None:
        deps.rates.charge("upload.account", caller.user.user_id, now)
    if checksum_sha256 is not None and checksum_sha256 != upload.checksum_sha256:
        upload = deps.audio_files.identify(upload, checksum_sha256)
    return _offer(deps, upload, _arrived(deps, upload), now)


def complete_upload(deps: Deps, caller: Caller, file_id: str) -> Upload:
    """Put the parts together.

    Commit point: S3's `complete`. Whoever got no answer asks again: the object tells that it was done.
    """
    upload = own(deps, caller, file_id, Upload)
    if upload.upload_id is not None and (arrived := deps.multipart.parts(upload.s3_key, upload.upload_id)) is not None:
        parts = _fitting(upload, arrived)
        _require_all(upload, parts)
        deps.multipart.complete(upload.s3_key, upload.upload_id, parts)
    stored = deps.bucket.find(upload.s3_key)
    if stored is None:
        raise UploadMissing
    if stored.size != upload.file_size:
        raise SizeMismatch
    return upload


def abort_upload(deps: Deps, caller: Caller, file_id: str) -> None:
    """Give an upload up. Commit point: the mark; a crash after it is finished by asking again, or by the sweep."""
    now = deps.clock()
    state = own(deps, caller, file_id, Upload, Leaving)
    remove(deps, deps.audio_files.begin_deletion(state, now))


def _part_size(deps: Deps, file_size: int) -> int:
    """The size of the parts: as configured, or whole MiB so that they are not too many."""
    least = -(-file_size // (MOST_PARTS * MIB)) * MIB
    return max(deps.config.upload_part_bytes, least)


def _sizes(upload: Upload) -> dict[int, int]:
    """The size of each part by its number."""
    size = upload.part_size or upload.file_size
    starts = range(0, upload.file_size, size)
    return {number: min(size, upload.file_size - start) for number, start in enumerate(starts, 1)}


def _arrived(deps: Deps, upload: Upload) -> list[Part]:
    """The parts that S3 has; all of them where they were put together already."""
    if upload.upload_id is None:
        return []
    arrived = deps.multipart.parts(upload.s3_key, upload.upload_id)
    if arrived is not None:
        return _fitting(upload, arrived)
    if deps.bucket.find(upload.s3_key) is None:
        raise NotFound("This upload has been given up. Begin another.")
    return [Part(number=number, size=size, etag="") for number, size in _sizes(upload).items()]


def _fitting(upload: Upload, arrived: list[Part]) -> list[Part]:
    """The parts that are of this upload and whole."""
    sizes = _sizes(upload)
    return [each for each in arrived if sizes.get(each.number) == each.size]


def _require_all(upload: Upload, parts: list[Part]) -> None:
    """Raise for parts that have not arrived."""
    there = {each.number for each in parts}
    missing = [number for number in _sizes(upload) if number not in there]
    if missing:
        raise PartsMissing(details=[{"field": f"parts.{each}", "problem": "has not arrived"} for each in missing[:20]])


def _offer(deps: Deps, upload: Upload, arrived: list[Part], now: datetime) -> Offer:
    there = {each.number for each in arrived}
    key, upload_id = upload.s3_key, upload.upload_id
    address, parts = None, []
    if upload_id is None:
        address = deps.addresses.to_put(
            key, upload.file_id, upload.file_size, upload.content_type, upload.checksum_sha256
        )
    else:
        parts = [
            PartAddress(number=number, size=size, url=deps.addresses.to_put_part(key, upload_id, number, size))
            for number, size in _sizes(upload).items()
            if number not in there
        ]
    expires_at = now + deps.config.upload_url_expiry
    return Offer(upload=upload, expires_at=expires_at, address=address, parts=parts, received=sorted(there))
