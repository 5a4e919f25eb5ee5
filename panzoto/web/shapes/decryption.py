"""The bodies of the routes that decrypt."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr

from panzoto.web.schemas import Answer, Body, Path

from .audio import AudioFileShape

Password = Annotated[
    SecretStr | None,
    Field(min_length=1, max_length=1024, description="Needed by whoever has one; others must have signed in lately."),
]


class Proof(Body):
    """That it is the owner who asks."""

    password: Password = None


class SeedDecrypt(Proof):
    """A recording to decrypt, by its id or by its key."""

    file_id: Annotated[str, Field(min_length=1, max_length=1024)] | None = None
    s3_key: Annotated[str, Field(min_length=1, max_length=1024)] | None = None


class Transcribe(Proof):
    """A recording to make text of; without a language it is found out."""

    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}-[A-Z]{2}$", examples=["en-US"])] | None = None


class JobPath(Path):
    """Which job of which recording."""

    file_id: str
    job_id: str


class Ready(Answer):
    """A decrypted recording, and where it is got until when."""

    status: str = "ready_for_transcription"
    file_info: AudioFileShape
    download_url: str
    expires_at: str


class Fault(Answer):
    """Why a job failed, as an error says it."""

    error: str
    code: str


class JobShape(Answer):
    """Work that goes on after the answer: `queued`, `running`, `done` or `failed`, and how far it is, in percent.

    `download_url` and `expires_at` are there when it is done, for the sessions that have asked for it with their proof;
    any other asks for a decryption of its own. `fault` is there when it has failed.
    """

    status: str
    job_id: str
    progress: int
    status_url: str
    file_info: AudioFileShape | None = None
    download_url: str | None = None
    expires_at: str | None = None
    fault: Fault | None = None


class ContentShape(Answer):
    """A recording that may be streamed: send `content_token` in the header `X-Content-Token` with every GET."""

    content_url: str
    content_token: str
    expires_at: str
    content_type: str | None
    content_length: int
    etag: str


class TranscriptShape(Answer):
    """Text of a recording: `queued`, `running`, `done` or `failed`; when done it is there, sealed, in base64."""

    status: str
    language: str | None = None
    sealed_transcript: str | None = None
    fault: Fault | None = None


class TextShape(Answer):
    """The text of a recording in clear."""

    text: str
