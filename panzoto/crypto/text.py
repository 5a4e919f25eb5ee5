"""Bytes as text that survives an address or a header, in exactly one way, and names that nobody can guess."""

from __future__ import annotations

import secrets
import string
from base64 import urlsafe_b64decode, urlsafe_b64encode

# No sign at its end can be mistaken for the end of a sentence, as a dash or a dot is by programs that find links.
ALPHABET = string.ascii_letters + string.digits
# 22 of 62 signs are 130 bits.
ID_SIGNS = 22


def to_base64url(data: bytes) -> str:
    """Bytes in base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """What `to_base64url` made of; any other way to write the same bytes is a `ValueError`."""
    data = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    if to_base64url(data) != text:
        raise ValueError("not base64url as we write it")
    return data


def new_id(prefix: str = "") -> str:
    """A name of 130 random bits in letters and digits, such as `ses_…` or `tok_…`."""
    return prefix + "".join(secrets.choice(ALPHABET) for _ in range(ID_SIGNS))
