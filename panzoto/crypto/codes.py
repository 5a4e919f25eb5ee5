"""Codes that people type: a few digits, kept as Argon2id over an HMAC with a key that the store does not have.

What is hashed is HMAC-SHA256, in base64url, over `panzoto/code/v1 ‖ 0x00 ‖ subject ‖ 0x00 ‖ code`; the subject is the
phone, or the id of the link that the code stands for. A link's own code is eight digits: the HMAC over
`panzoto/link-code/v1 ‖ 0x00 ‖ the link's token`, read as a number, modulo 10^8. So whoever holds the link can be shown
its code, and nobody can make the one of the other.
"""

from __future__ import annotations

import hmac
import secrets
from typing import NoReturn

from panzoto.crypto.passwords import Passwords
from panzoto.crypto.text import to_base64url
from panzoto.errors import CodeRejected, WrongPassword

CONTEXT, LINK_CONTEXT = "panzoto/code/v1", "panzoto/link-code/v1"
KEY_BYTES, LINK_DIGITS = 32, 8


class Codes:
    """Makes codes and verifies them; every hash passes the gate of passwords, and `Overloaded` says that it is full."""

    def __init__(self, key: bytes, passwords: Passwords, digits: int) -> None:
        if len(key) < KEY_BYTES:
            raise ValueError(f"the key of codes has at least {KEY_BYTES} bytes")
        self._key, self._passwords, self._digits = key, passwords, digits

    def new(self) -> str:
        """A new code."""
        return f"{secrets.randbelow(10**self._digits):0{self._digits}}"

    def of_link(self, text: str) -> str:
        """The code that stands for a link."""
        number = int.from_bytes(hmac.digest(self._key, f"{LINK_CONTEXT}\0{text}".encode(), "sha256"))
        return f"{number % 10**LINK_DIGITS:0{LINK_DIGITS}}"

    def hash(self, subject: str, code: str) -> str:
        """The hash to keep of a code."""
        return self._passwords.hash(self._peppered(subject, code))

    def verify(self, stored_hash: str, subject: str, code: str) -> None:
        """Raise `CodeRejected` unless this is the code."""
        try:
            self._passwords.verify(stored_hash, self._peppered(subject, code))
        except WrongPassword:
            raise CodeRejected from None

    def verify_nobody(self, subject: str, code: str) -> NoReturn:
        """Raise `CodeRejected` after as much work as `verify` does, so that nobody learns who was sent a code."""
        try:
            self._passwords.verify_nobody(self._peppered(subject, code))
        except WrongPassword:
            raise CodeRejected from None

    def _peppered(self, subject: str, code: str) -> str:
        return to_base64url(hmac.digest(self._key, f"{CONTEXT}\0{subject}\0{code}".encode(), "sha256"))
