"""Page cursors: where a list goes on, sealed so that nobody reads it, changes it, or uses it for another list."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from panzoto.errors import InvalidCursor

LONGEST = 4096
NONCE = 12


class Cursors:
    """Seals and opens cursors: base64url of `nonce[12] ‖ AES-256-GCM(position) ‖ tag[16]`, AAD the list's scope."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, scope: bytes, position: bytes) -> str:
        """The cursor that goes on at `position` in the list named by `scope`."""
        nonce = secrets.token_bytes(NONCE)
        return urlsafe_b64encode(nonce + self._cipher.encrypt(nonce, position, scope)).rstrip(b"=").decode()

    def open(self, scope: bytes, cursor: str) -> bytes:
        """The position that a cursor of ours holds; any other raises `InvalidCursor`."""
        if len(cursor) > LONGEST:
            raise InvalidCursor
        try:
            sealed = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
            return self._cipher.decrypt(sealed[:NONCE], sealed[NONCE:], scope)
        except (InvalidTag, NotBase64, ValueError):
            raise InvalidCursor from None
