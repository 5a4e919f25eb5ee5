"""KMS wraps the audio keys of people who have no password; nothing that is wrapped for one opens for another."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from panzoto.errors import KeyRejected, KeysUnavailable

if TYPE_CHECKING:
    from types_boto3_kms import KMSClient

RETRY_AFTER = 5
# What keeps KMS from being asked, or its answer from being one: a proxy's page has nothing that we asked for.
FAULTS = (BotoCoreError, ResponseParserError, KeyError)
# What KMS says of a text that it did not make, or not for this person.
REJECTED = frozenset({"InvalidCiphertextException", "IncorrectKeyException"})


class KeyService:
    """One key of KMS. The encryption context is `{userId, purpose: audio-key}`, which its log shows."""

    def __init__(self, client: KMSClient, key_id: str) -> None:
        self._client, self._key_id = client, key_id

    def wrap(self, clear: bytes, user_id: str) -> str:
        """The audio key of this person, sealed by KMS, in base64."""
        try:
            answer = self._client.encrypt(KeyId=self._key_id, Plaintext=clear, EncryptionContext=_bound_to(user_id))
            return b64encode(answer["CiphertextBlob"]).decode()
        except (ClientError, *FAULTS) as fault:
            raise KeysUnavailable(retry_after=RETRY_AFTER) from fault

    def unwrap(self, wrapped: str, user_id: str) -> bytes:
        """The audio key; `KeyRejected` for another person, or when a byte was changed."""
        try:
            blob = b64decode(wrapped, validate=True)
        except ValueError:
            raise KeyRejected from None
        try:
            answer = self._client.decrypt(KeyId=self._key_id, CiphertextBlob=blob, EncryptionContext=_bound_to(user_id))
            return answer["Plaintext"]
        except ClientError as fault:
            if fault.response["Error"]["Code"] in REJECTED:
                raise KeyRejected from fault
            raise KeysUnavailable(retry_after=RETRY_AFTER) from fault
        except FAULTS as fault:
            raise KeysUnavailable(retry_after=RETRY_AFTER) from fault


def _bound_to(user_id: str) -> dict[str, str]:
    return {"userId": user_id, "purpose": "audio-key"}
