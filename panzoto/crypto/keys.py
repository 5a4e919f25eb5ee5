"""A user's audio key, and how it is wrapped: under a key derived from the password, and under the recovery key.

The formats are fixed, because clients in other languages write them (`docs/keys.md` has a worked example):

- the audio key: 32 random bytes;
- the wrapping key of a password: Argon2id, version 19, with the parameters that `kdf` says, salt the 32 bytes of
  `key_salt`, secret the password in UTF-8 as it was typed, 32 bytes out;
- a wrapped audio key: base64 of `nonce[12] ‖ AES-256-GCM(key[32]) ‖ tag[16]`, 60 bytes, so 80 signs without padding;
  associated data `panzoto/audio-key/v1/<user_id>` in UTF-8, so that no user's wrap passes for another's.
"""

from __future__ import annotations

import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

from argon2.exceptions import HashingError
from argon2.low_level import ARGON2_VERSION, Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from panzoto.crypto.gate import Gate
from panzoto.crypto.passwords import as_typed
from panzoto.crypto.profiles import Cost, Profile
from panzoto.errors import KeyRejected, Overloaded

KEY_BYTES, SALT_BYTES, NONCE_BYTES = 32, 32, 12
WRAPPED_SIGNS = 80
KDF_NAME = "argon2id"
KDF_NUMBERS = ("memory_kib", "iterations", "parallelism")
KDF_MEMBERS = {"name", "version", *KDF_NUMBERS}


class UnusableKdf(KeyRejected):
    """Stored parameters of a derivation that are none, or that cost more than we spend. Log it: we wrote others."""


class PasswordKeys:
    """Derives wrapping keys from passwords, through the gate."""

    def __init__(self, profile: Profile, gate: Gate) -> None:
        self._profile, self._gate = profile, gate

    @property
    def kdf(self) -> dict[str, Any]:
        """The parameters of new derivations, as they are stored and told to clients."""
        numbers = dict(zip(KDF_NUMBERS, self._profile.numbers, strict=True))
        return {"name": KDF_NAME, "version": ARGON2_VERSION, **numbers}

    def derive(self, password: str, key_salt: bytes, kdf: Mapping[str, Any]) -> bytes:
        """The wrapping key of this password; `UnusableKdf` before any work, `Overloaded` when the gate is full."""
        memory_kib, iterations, lanes = _cost_of(kdf, key_salt).numbers
        typed = as_typed(password)
        try:
            with self._gate.passing():
                return hash_secret_raw(typed, key_salt, iterations, memory_kib, lanes, KEY_BYTES, Type.ID)
        except HashingError as fault:
            raise Overloaded from fault  # with a cost within the bounds, all that can be wanting is memory


def new_audio_key() -> bytes:
    """A new audio key."""
    return secrets.token_bytes(KEY_BYTES)


def new_key_salt() -> bytes:
    """A new salt for the derivation from a password."""
    return secrets.token_bytes(SALT_BYTES)


def wrap(key: bytes, wrapping_key: bytes, user_id: str) -> str:
    """The audio key of this user, sealed under the wrapping key."""
    if len(key) != KEY_BYTES or len(wrapping_key) != KEY_BYTES:
        raise ValueError(f"an audio key and what wraps it have {KEY_BYTES} bytes each")
    nonce = secrets.token_bytes(NONCE_BYTES)
    return b64encode(nonce + AESGCM(wrapping_key).encrypt(nonce, key, _bound_to(user_id))).decode()


def unwrap(wrapped: str, wrapping_key: bytes, user_id: str) -> bytes:
    """The audio key; `KeyRejected` under another key, for another user, or when a byte was changed."""
    if len(wrapped) != WRAPPED_SIGNS:
        raise KeyRejected
    try:
        sealed = b64decode(wrapped, validate=True)
        return AESGCM(wrapping_key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _bound_to(user_id))
    except (InvalidTag, ValueError):
        raise KeyRejected from None


def _bound_to(user_id: str) -> bytes:
    return f"panzoto/audio-key/v1/{user_id}".encode()


def _cost_of(kdf: Mapping[str, Any], key_salt: bytes) -> Cost:
    is_ours = kdf.keys() == KDF_MEMBERS and kdf["name"] == KDF_NAME and kdf["version"] == ARGON2_VERSION
    if not is_ours or len(key_salt) != SALT_BYTES or any(type(kdf[name]) is not int for name in KDF_NUMBERS):
        raise UnusableKdf
    try:
        return Cost(**{name: kdf[name] for name in KDF_NUMBERS})
    except ValueError:
        raise UnusableKdf from None
