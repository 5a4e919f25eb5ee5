"""One-use tokens of mails and messages: each has a purpose, and works in no other.

A token is the text `<tokenId>.<secret>`: `tok_` and 22 letters and digits, a dot, and 22 more (130 bits each). The
table keeps, under the token's id, the digest of the secret in base64url: HMAC-SHA256 over
`panzoto/one-use/v1 ‖ 0x00 ‖ purpose ‖ 0x00 ‖ tokenId ‖ 0x00 ‖ secret`. Who reads the table can make no link of it.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from panzoto.crypto.text import new_id, to_base64url
from panzoto.errors import LinkInvalid

KEY_BYTES = 32
CONTEXT = "panzoto/one-use/v1"
TOKEN = re.compile(r"(tok_[A-Za-z0-9]{22})\.([A-Za-z0-9]{22})", re.ASCII)


class Purpose(StrEnum):
    """What a one-use token may be for; the `tokenType` of its item."""

    PASSWORD_RESET = "password_reset"
    EMAIL_VERIFICATION = "email_verification"
    MAGIC_LINK = "magic_link"


@dataclass(frozen=True)
class Issued:
    """A new token: its id and digest to keep, and its text to send, which is kept nowhere."""

    token_id: str
    secret_digest: str
    text: str = field(repr=False)


class Opened(NamedTuple):
    """What a presented token says. The write that spends it has the digest in its condition, or `check` compares it."""

    token_id: str
    secret_digest: str


class Purposes:
    """Issues one-use tokens and opens them, each for its purpose."""

    def __init__(self, key: bytes) -> None:
        if len(key) < KEY_BYTES:
            raise ValueError(f"the key of one-use tokens has at least {KEY_BYTES} bytes")
        self._key = key

    def issue(self, purpose: Purpose) -> Issued:
        """A new token for `purpose`."""
        token_id, secret = new_id("tok_"), new_id()
        return Issued(token_id, self._digest(purpose, token_id, secret), f"{token_id}.{secret}")

    def open(self, purpose: Purpose, text: str) -> Opened:
        """The id and digest of a token used for `purpose`; `LinkInvalid` for text that is no token."""
        parts = TOKEN.fullmatch(text)
        if parts is None:
            raise LinkInvalid
        token_id, secret = parts.groups()
        return Opened(token_id, self._digest(purpose, token_id, secret))

    def check(self, opened: Opened, kept_digest: str) -> None:
        """Raise `LinkInvalid` unless the digest is the kept one, compared in constant time."""
        if not hmac.compare_digest(opened.secret_digest.encode(), kept_digest.encode()):
            raise LinkInvalid

    def _digest(self, purpose: Purpose, token_id: str, secret: str) -> str:
        said = f"{CONTEXT}\0{purpose.value}\0{token_id}\0{secret}"
        return to_base64url(hmac.digest(self._key, said.encode(), "sha256"))
