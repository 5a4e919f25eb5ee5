"""Seals the tokens of other providers: envelope encryption, a data key of its own for each sealing.

KMS makes a data key under the encryption context `{userId, provider}` and wraps it; the tokens are sealed under it by
AES-256-GCM, associated data `panzoto/vault/v1 ‖ 0x00 ‖ userId ‖ 0x00 ‖ provider` in UTF-8. The item holds the wrapped
data key and `nonce[12] ‖ ciphertext ‖ tag[16]`. Both bind the owner: a blob that is moved elsewhere opens nothing. The
data key in clear lives for one call and is kept nowhere.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from panzoto.errors import KeyRejected

CONTEXT = "panzoto/vault/v1"
VERSION, ALGORITHM = 1, "AES-256-GCM"
NONCE_BYTES = 12


class DataKey(NamedTuple):
    """A data key, in clear and as KMS wrapped it, and the key of KMS that did."""

    clear: bytes
    wrapped: bytes
    key_id: str


class DataKeys(Protocol):
    """What makes data keys and unwraps them; KMS."""

    def new(self, context: Mapping[str, str]) -> DataKey:
        """A new data key."""

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """A data key in clear; `KeyRejected` under another context."""


@dataclass(frozen=True)
class Sealed:
    """Something sealed, as items hold it."""

    key_id: str
    data_key: bytes = field(repr=False)
    ciphertext: bytes = field(repr=False)

    def as_item(self) -> dict[str, Any]:
        """The map that an item holds."""
        known = {"version": VERSION, "algorithm": ALGORITHM, "keyId": self.key_id}
        return {**known, "dataKey": self.data_key, "ciphertext": self.ciphertext}

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Self:
        """What such a map holds; `KeyRejected` for another layout."""
        try:
            if item["version"] != VERSION or item["algorithm"] != ALGORITHM:
                raise KeyRejected("These tokens are sealed in a way that is not known here.")
            return cls(item["keyId"], bytes(item["dataKey"]), bytes(item["ciphertext"]))
        except (KeyError, TypeError):
            raise KeyRejected("These tokens are not sealed as they must be.") from None


@dataclass(frozen=True)
class Sealer:
    """A data key that waits for the bytes that it seals: whoever has it needs no more of KMS to keep them."""

    user_id: str
    provider: str
    key: DataKey = field(repr=False)

    def seal(self, clear: bytes) -> Sealed:
        """The bytes, sealed; once, for the key is of one sealing."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = AESGCM(self.key.clear).encrypt(nonce, clear, _bound_to(self.user_id, self.provider))
        return Sealed(self.key.key_id, self.key.wrapped, nonce + sealed)


class Vault:
    """Seals and opens, for one person and one provider at a time."""

    def __init__(self, keys: DataKeys) -> None:
        self._keys = keys

    def sealer(self, user_id: str, provider: str) -> Sealer:
        """What seals something for this person's connection to this provider."""
        return Sealer(user_id, provider, self._keys.new(_context(user_id, provider)))

    def open(self, sealed: Sealed, user_id: str, provider: str) -> bytes:
        """The bytes; `KeyRejected` for another person or provider, or when a byte was changed."""
        key = self._keys.unwrap(sealed.data_key, _context(user_id, provider))
        nonce, ciphertext = sealed.ciphertext[:NONCE_BYTES], sealed.ciphertext[NONCE_BYTES:]
        try:
            return AESGCM(key).decrypt(nonce, ciphertext, _bound_to(user_id, provider))
        except (InvalidTag, ValueError):
            raise KeyRejected("These tokens do not open.") from None


def _context(user_id: str, provider: str) -> dict[str, str]:
    return {"userId": user_id, "provider": provider}


def _bound_to(user_id: str, provider: str) -> bytes:
    return f"{CONTEXT}\0{user_id}\0{provider}".encode()
