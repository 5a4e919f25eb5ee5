"""The bodies of the `audio` routes."""

from __future__ import annotations

import re
import unicodedata
from base64 import b64decode
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from panzoto.web.schemas import Answer, Body, Path, Query

MOST_DIGITS = 3
# Signs that show a name in another order than it is.
MISLEADING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
CONTROL = frozenset({"Cc", "Zl", "Zp"})
TOKEN = r"[A-Za-z0-9!#$&^_.+-]{1,63}"
CONTENT_TYPE = rf"^{TOKEN}/{TOKEN}( ?; ?{TOKEN}=({TOKEN}|\"[A-Za-z0-9 ,_.+-]*\"))*$"
SHA256_BYTES = 32


def _name(given: str) -> str:
    """A name of a file, and no way to one."""
    if any(sign in "/\\" for sign in given) or given in {".", ".."}:
        raise ValueError("must be the name of a file, without a folder")
    if any(sign in MISLEADING or unicodedata.category(sign) in CONTROL for sign in given):
        raise ValueError("must not hold control characters")
    return given


def _checksum(given: str) -> str:
    """A checksum as S3 takes it."""
    try:
        size = len(b64decode(given, validate=True))
    except ValueError:
        size = 0
    if size != SHA256_BYTES:
        raise ValueError("must be the 32 bytes of a SHA-256 in base64")
    return given


def _digits(given: Any) -> Any:
    """A number as an address has it: nothing but digits."""
    if isinstance(given, str) and not re.fullmatch(rf"[0-9]{{1,{MOST_DIGITS}}}", given):
        raise ValueError("should be a whole number from 1 to 200")
    return given


FileSize = Annotated[int, Field(ge=1, examples=[1024], description="Bytes, as they are uploaded: of the sealed file.")]
S3Key = Annotated[str, Field(min_length=1, max_length=1024, examples=["users/test-user/audio-123.3gp"])]

Checksum = Annotated[
    str,
    Field(max_length=44, description="SHA-256 of the sealed file in base64; S3 refuses other bytes."),
    AfterValidator(_checksum),
]


class NewUpload(Body):
    """A recording that is to be uploaded."""

    filename: Annotated[str, Field(min_length=1, max_length=255, examples=["audio-123.3gp"]), AfterValidator(_name)]
    content_type: Annotated[str, Field(max_length=127, pattern=CONTENT_TYPE, examples=["audio/3gpp"])]
    file_size: FileSize
    checksum_sha256: Checksum | None = None


class SealedFile(Body):
    """Which file an upload is of: it is known when it has been sealed, for the `s3_key` of the upload."""

    checksum_sha256: Checksum


class NewAudioFile(Body):
    """A recording that has been uploaded."""

    s3_key: S3Key
    file_size: FileSize


class SeedAudioFile(Body):
    """A recording, as old apps tell of it."""

    s3_key: S3Key
    file_size: FileSize | None = None


class AudioPath(Path):
    """Which recording."""

    file_id: str


class AudioQuery(Query):
    """Which part of the list: as many as `limit`, after `cursor`."""

    limit: Annotated[int, BeforeValidator(_digits), Field(ge=1, le=200)] = 50
    cursor: str | None = None


class AudioFileShape(Answer):
    """A recording. `sealed_under_old_key` says that its owner gave up the audio key that it was sealed under."""

    file_id: str
    user_id: str
    s3_key: str
    file_size: int | None
    uploaded_at: str
    filename: str | None
    content_type: str | None
    checksum_sha256: str | None
    audio_key_version: int
    sealed_under_old_key: bool


class AudioFileAnswer(Answer):
    """One recording."""

    audio_file: AudioFileShape


class AudioFileList(Answer):
    """Recordings, newest first, and the cursor that goes on after them; null at the end."""

    audio_files: list[AudioFileShape]
    cursor: str | None


class PartShape(Answer):
    """Where one part is put, and its exact length."""

    part_number: int
    size: int
    url: str


class SingleUpload(Answer):
    """One request: this method, this address, these headers, exactly."""

    method: str = "PUT"
    url: str
    headers: dict[str, str]


class PartedUpload(Answer):
    """A PUT for each part, in any order; then a POST to `complete`. `received` has the parts that are there."""

    upload_id: str
    part_size: int
    parts: list[PartShape]
    received: list[int]
    complete: str


class UploadShape(Answer):
    """An upload that was begun."""

    file_id: str
    s3_key: str
    upload: SingleUpload | PartedUpload
    expires_at: str


class Completed(Answer):
    """An upload whose parts were put together; record it now."""

    status: str = "uploaded"
    file_id: str
    s3_key: str
    file_size: int


class Done(Answer):
    """That it was done."""

    status: str


class DownloadShape(Answer):
    """Where to get the sealed file, and until when."""

    download_url: str
    expires_at: str
