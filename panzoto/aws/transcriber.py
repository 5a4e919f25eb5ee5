"""AWS Transcribe behind a small adapter: a job is started, asked for, and forgotten, each as often as one likes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import ClientError

from panzoto.errors import StorageUnavailable, TranscriptionFailed

from .sending import FAULTS
from .storing import code

RETRY_AFTER = 10
# It refuses what it will always refuse; a name that is taken is that of our own job, begun before.
REFUSED, TAKEN, UNKNOWN = "BadRequestException", "ConflictException", "NotFoundException"
COMPLETED, FAILED = "COMPLETED", "FAILED"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How far a transcription is; `language` is what it was found to be in."""

    is_done: bool
    language: str | None = None


class Transcriber(Protocol):
    """What makes text of recordings."""

    def start(self, name: str, key: str, output: str, language: str | None) -> None:
        """Begin to make text of an object, into another; to begin again changes nothing."""

    def ask(self, name: str) -> Outcome:
        """How far it is; `TranscriptionFailed` when there will be no text."""

    def forget(self, name: str) -> None:
        """Remove what is known of it."""


class AwsTranscriber:
    """AWS Transcribe. It reads and writes the bucket with our own permissions."""

    def __init__(self, client: Any, bucket: str, kms_key: str) -> None:
        self._client, self._bucket = client, bucket
        self._kms_key = kms_key

    def start(self, name: str, key: str, output: str, language: str | None) -> None:
        """Start a job of that name."""
        spoken = {"LanguageCode": language} if language else {"IdentifyLanguage": True}
        with _asking():
            try:
                self._client.start_transcription_job(
                    TranscriptionJobName=name,
                    Media={"MediaFileUri": f"s3://{self._bucket}/{key}"},
                    OutputBucketName=self._bucket,
                    OutputKey=output,
                    **spoken,
                    OutputEncryptionKMSKeyId=self._kms_key,
                )
            except ClientError as fault:
                if code(fault) != TAKEN:
                    raise

    def ask(self, name: str) -> Outcome:
        """The state of a job."""
        with _asking():
            job = self._client.get_transcription_job(TranscriptionJobName=name)["TranscriptionJob"]
        state = job["TranscriptionJobStatus"]
        if state == FAILED:
            raise TranscriptionFailed(details=[{"field": "recording", "problem": job.get("FailureReason", "unknown")}])
        return Outcome(is_done=state == COMPLETED, language=job.get("LanguageCode"))

    def forget(self, name: str) -> None:
        """Delete a job; that there is none is no fault."""
        with _asking():
            try:
                self._client.delete_transcription_job(TranscriptionJobName=name)
            except ClientError as fault:
                if code(fault) not in {UNKNOWN, REFUSED}:
                    raise


@contextmanager
def _asking() -> Iterator[None]:
    try:
        yield
    except (ClientError, *FAULTS) as fault:
        if isinstance(fault, ClientError) and code(fault) in {REFUSED, UNKNOWN}:
            raise TranscriptionFailed from fault
        raise StorageUnavailable(retry_after=RETRY_AFTER) from fault
