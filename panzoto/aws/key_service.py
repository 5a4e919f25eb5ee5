"""KMS wraps the audio keys of people without a password, and the keys of jobs; what is of one opens for no other."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import TYPE_CHECKING

from panzoto.errors import KeyRejected

from .keepers import REJECTED, asking

if TYPE_CHECKING:
    from types_boto3_kms import KMSClient


class KeyService:
    """One key of KMS. The encryption context is `{userId, purpose: audio-key}`, which its log shows.

    Of a job it is `{userId, purpose: audio-job, jobId}`.
    """

    def __init__(self, client: KMSClient, key_id: str) -> None:
        self._client, self._key_id = client, key_id

    def wrap(self, clear: bytes, user_id: str, job_id: str | None = None) -> str:
        """The audio key of this person, or the keys of a job of theirs, sealed by KMS, in base64."""
        context = _bound_to(user_id, job_id)
        with asking():
            answer = self._client.encrypt(KeyId=self._key_id, Plaintext=clear, EncryptionContext=context)
            return b64encode(answer["CiphertextBlob"]).decode()

    def unwrap(self, wrapped: str, user_id: str, job_id: str | None = None) -> bytes:
        """What was wrapped; `KeyRejected` for another person or job, or when a byte was changed."""
        context = _bound_to(user_id, job_id)
        try:
            blob = b64decode(wrapped, validate=True)
        except ValueError:
            raise KeyRejected from None
        with asking(REJECTED, KeyRejected()):
            answer = self._client.decrypt(KeyId=self._key_id, CiphertextBlob=blob, EncryptionContext=context)
            return answer["Plaintext"]


def _bound_to(user_id: str, job_id: str | None) -> dict[str, str]:
    if job_id is None:
        return {"userId": user_id, "purpose": "audio-key"}
    return {"userId": user_id, "purpose": "audio-job", "jobId": job_id}
