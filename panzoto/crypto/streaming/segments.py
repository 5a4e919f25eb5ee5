"""The segments of one file, sealed and opened each by itself."""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from panzoto.crypto.streaming.layout import MOST_SEGMENTS, PREFIX, Layout
from panzoto.errors import AudioDamaged


def file_key(layout: Layout, secret: bytes, associated_data: bytes, header: bytes) -> bytes:
    """The key of the file that begins with this header; `AudioDamaged` when it is no header."""
    _check(layout, header)
    if len(secret) != layout.secret_bytes:
        raise ValueError(f"the key of a stream has {layout.secret_bytes} bytes")
    salt = header[1:-PREFIX]
    return HKDF(algorithm=layout.hash_type(), length=layout.key_bytes, salt=salt, info=associated_data).derive(secret)


def _check(layout: Layout, header: bytes) -> None:
    if len(header) != layout.header_bytes or header[0] != layout.header_bytes:
        raise AudioDamaged


class Segments:
    """Seals and opens the segments of the file that begins with this header, by the key of this file alone."""

    def __init__(self, layout: Layout, key: bytes, header: bytes) -> None:
        _check(layout, header)
        self._prefix, self._cipher = header[-PREFIX:], AESGCM(key)

    def seal(self, index: int, plaintext: memoryview, is_last: bool) -> bytes:
        """A segment with its tag. Two with the same index would betray each other: each index is sealed once."""
        if index >= MOST_SEGMENTS:
            raise ValueError("a recording has at most 2^32 segments")
        return self._cipher.encrypt(self._nonce(index, is_last), plaintext, None)

    def open(self, index: int, segment: bytes | memoryview, is_last: bool) -> bytes:
        """The plaintext of a segment; `AudioDamaged` unless it is this one of this file, unchanged."""
        try:
            return self._cipher.decrypt(self._nonce(index, is_last), segment, None)
        except (InvalidTag, OverflowError):
            raise AudioDamaged from None

    def _nonce(self, index: int, is_last: bool) -> bytes:
        return self._prefix + index.to_bytes(4) + is_last.to_bytes()
