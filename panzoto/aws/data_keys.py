"""KMS makes the vault's data keys and unwraps them. No key is cached: each call stands in the log of KMS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from panzoto import counters
from panzoto.crypto.vault import DataKey
from panzoto.errors import KeyRejected

from .keepers import REJECTED, asking

if TYPE_CHECKING:
    from types_boto3_kms import KMSClient


class KmsDataKeys:
    """The data keys of one key of KMS; those of an earlier key are unwrapped too, as long as KMS has it."""

    def __init__(self, client: KMSClient, key_id: str) -> None:
        self._client, self._key_id = client, key_id

    def new(self, context: Mapping[str, str]) -> DataKey:
        """A new data key, under the key that is configured now."""
        with _asked("GenerateDataKey"):
            made = self._client.generate_data_key(
                KeyId=self._key_id, KeySpec="AES_256", EncryptionContext=dict(context)
            )
            return DataKey(made["Plaintext"], made["CiphertextBlob"], made["KeyId"])

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """A data key in clear. Which key wrapped it KMS knows; the role says which keys may be used."""
        with _asked("Decrypt"):
            return self._client.decrypt(CiphertextBlob=wrapped, EncryptionContext=dict(context))["Plaintext"]

    def current(self) -> str:
        """The name of the key that wraps now, in the form in which `new` gives it."""
        with _asked("DescribeKey"):
            return self._client.describe_key(KeyId=self._key_id)["KeyMetadata"]["Arn"]


@contextmanager
def _asked(call: str) -> Iterator[None]:
    """A call of KMS, counted, whose faults are in terms of ours."""
    counters.KMS.labels(call).inc()
    with asking(REJECTED, KeyRejected("These tokens do not open.")):
        yield
