"""Keys derived from the service's secret, one for each purpose, so that what is made for one works in no other."""

from __future__ import annotations

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def derived_key(secret: str, purpose: str) -> bytes:
    """The 32 bytes that `secret` gives for `purpose`: HKDF-SHA256, no salt, info `panzoto/<purpose>`."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"panzoto/{purpose}".encode()).derive(secret.encode())
