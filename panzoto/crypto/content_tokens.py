"""Content tokens: for a few minutes they let one session stream one recording, whose own key they carry, sealed.

A token is the text `ct1.` and base64url without padding of `nonce[12] ‖ AES-256-GCM(what it says) ‖ tag[16]`, the nonce
random. It says `expires[8] ‖ size[8] ‖ file key[32] ‖ header[40] ‖ etag`: seconds since 1970 and the length of the
sealed file, both big-endian, the key that follows from the audio key for this file alone, how the file begins, and S3's
mark of it in UTF-8. The associated data is `panzoto/content-token/v1 ‖ 0 ‖ user_id ‖ 0 ‖ session ‖ 0 ‖ file_id`, each 0
one byte. So it opens no other recording, nothing at all in another session, and nobody finds the audio key from it.
"""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64decode
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from panzoto.crypto.text import to_base64url
from panzoto.errors import ContentTokenNeeded

PREFIX, CONTEXT = "ct1.", "panzoto/content-token/v1"
NONCE, NUMBER, KEY, HEADER = 12, 8, 32, 40
LONGEST = 1024


class Holder(NamedTuple):
    """Whose token it is, of which session, and for which recording."""

    user_id: str
    session: str
    file_id: str


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What a token says."""

    expires_at: datetime
    size: int
    header: bytes
    etag: str
    key: bytes = field(repr=False)


class ContentTokens:
    """Seals content tokens, and opens them."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, grant: Grant, holder: Holder) -> str:
        """A token for its holder."""
        numbers = int(grant.expires_at.timestamp()).to_bytes(NUMBER) + grant.size.to_bytes(NUMBER)
        said = numbers + grant.key + grant.header + grant.etag.encode()
        nonce = secrets.token_bytes(NONCE)
        return PREFIX + to_base64url(nonce + self._cipher.encrypt(nonce, said, _bound_to(holder)))

    def open(self, text: str, holder: Holder, now: datetime) -> Grant:
        """What it says; `ContentTokenNeeded` when it is another's, when its time is over, or when it is none."""
        if not text.startswith(PREFIX) or len(text) > LONGEST:
            raise ContentTokenNeeded
        try:
            sealed = urlsafe_b64decode(f"{text.removeprefix(PREFIX)}===")
            said = self._cipher.decrypt(sealed[:NONCE], sealed[NONCE:], _bound_to(holder))
        except (InvalidTag, ValueError):
            raise ContentTokenNeeded from None
        key_at, header_at, etag_at = 2 * NUMBER, 2 * NUMBER + KEY, 2 * NUMBER + KEY + HEADER
        grant = Grant(
            expires_at=datetime.fromtimestamp(int.from_bytes(said[:NUMBER]), UTC),
            size=int.from_bytes(said[NUMBER:key_at]),
            key=said[key_at:header_at],
            header=said[header_at:etag_at],
            etag=said[etag_at:].decode(),
        )
        if grant.expires_at <= now:
            raise ContentTokenNeeded
        return grant


def _bound_to(holder: Holder) -> bytes:
    return "\0".join((CONTEXT, *holder)).encode()
