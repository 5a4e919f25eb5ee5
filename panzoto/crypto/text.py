"""Bytes as text that survives an address or a header, and names that nobody can guess."""

from __future__ import annotations

import secrets
import string
from base64 import urlsafe_b64encode

# No sign at its end can be mistaken for the end of a sentence, as a dash or a dot is by programs that find links.
ALPHABET = string.ascii_letters + string.digits
# 22 of 62 signs are 130 bits.
ID_SIGNS = 22


def to_base64url(data: bytes) -> str:
    """Bytes in base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def new_id(prefix: str = "") -> str:
    """A name of 130 random bits in letters and digits, such as `ses_…` or `tok_…`."""
    return prefix + "".join(secrets.choice(ALPHABET) for _ in range(ID_SIGNS))
