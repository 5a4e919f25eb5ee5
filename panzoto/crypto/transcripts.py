"""Transcripts, sealed under their owner's audio key.

The key is HKDF-SHA256 of the audio key: no salt, info `panzoto/transcript/v1/<user_id>/<file_id>` in UTF-8, 32 bytes
out. A sealed transcript is `nonce[12] ‖ AES-256-GCM(text in UTF-8) ‖ tag[16]`, the nonce random, the associated data
the same info. An app that has the audio key reads it by itself; one moved to another recording opens nowhere.
"""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from panzoto.errors import KeyRejected

NONCE, KEY = 12, 32


def transcript_key(audio_key: bytes, user_id: str, file_id: str) -> bytes:
    """The key of one recording's transcripts."""
    return HKDF(algorithm=SHA256(), length=KEY, salt=None, info=_bound_to(user_id, file_id)).derive(audio_key)


def seal(text: str, key: bytes, user_id: str, file_id: str) -> bytes:
    """The transcript of this recording, sealed."""
    nonce = secrets.token_bytes(NONCE)
    return nonce + AESGCM(key).encrypt(nonce, text.encode(), _bound_to(user_id, file_id))


def unseal(sealed: bytes, key: bytes, user_id: str, file_id: str) -> str:
    """The text; `KeyRejected` for another recording, under another key, or when a byte was changed."""
    try:
        return AESGCM(key).decrypt(sealed[:NONCE], sealed[NONCE:], _bound_to(user_id, file_id)).decode()
    except (InvalidTag, ValueError):
        raise KeyRejected from None


def _bound_to(user_id: str, file_id: str) -> bytes:
    return f"panzoto/transcript/v1/{user_id}/{file_id}".encode()
