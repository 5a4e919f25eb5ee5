"""Streams as the tests make, hand over and judge them: ours, and those of the tink package."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import pytest
import tink
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA512
from tink import secret_key_access, streaming_aead
from tink.proto import aes_gcm_hkdf_streaming_pb2, common_pb2, tink_pb2

from panzoto.crypto.streaming.audio import AudioEncryptor
from panzoto.crypto.streaming.layout import AUDIO, TAG, Layout
from panzoto.errors import AudioDamaged

KEY, OTHER_KEY = bytes(range(32)), bytes(range(1, 33))
NAME, OTHER_NAME = "audio/user-1/0190f3a4.opus.enc", "audio/user-2/0190f3a4.opus.enc"
# Everything that a recording can be can be shown with short segments, in a thousandth of the time.
SHORT = Layout(segment_bytes=128)
TINK_HASHES = {SHA1: common_pb2.SHA1, SHA256: common_pb2.SHA256, SHA512: common_pb2.SHA512}
TYPE = "type.googleapis.com/google.crypto.tink.AesGcmHkdfStreamingKey"


def recording(length: int) -> bytes:
    """Bytes of which no two segments are alike."""
    count = length // 8 + 1
    return struct.pack(f">{count}Q", *range(count))[:length]


def encrypted(plaintext: bytes, layout: Layout = SHORT, key: bytes = KEY, name: str = NAME) -> bytes:
    """A file as our encryptor makes it."""
    return b"".join(AudioEncryptor(key, name, layout).encrypt(io.BytesIO(plaintext)))


def boundaries(layout: Layout) -> list[int]:
    """The lengths at which something changes: nothing, one byte, the edges of segments, several segments."""
    first, each = layout.segment_bytes - layout.header_bytes - TAG, layout.segment_bytes - TAG
    edges = [first, first + each, first + 5 * each]
    return [0, 1, *(edge + beside for edge in edges for beside in (-1, 0, 1))]


def refused(pieces: Iterator[bytes], plaintext: bytes) -> int:
    """That this ends in `AudioDamaged`, and gives out nothing before but the beginning of the plaintext; how much."""
    got: list[bytes] = []
    with pytest.raises(AudioDamaged):
        got.extend(pieces)
    assert plaintext.startswith(b"".join(got))
    return sum(map(len, got))


class InShortReads(io.RawIOBase):
    """A file that gives as little for each read as its numbers say, by `read` alone."""

    def __init__(self, data: bytes, numbers: Iterable[int]) -> None:
        self._data, self._numbers = io.BytesIO(data), iter(numbers)

    def read(self, size: int = -1, /) -> bytes:
        """At most the next number of bytes."""
        return self._data.read(min(size, next(self._numbers, size)))

    readinto = None  # type: ignore[assignment]


class KeptOpen(io.BytesIO):
    """What Tink's stream does not close."""

    def close(self) -> None:
        """Nothing: what was written is read afterwards."""


@cache
def tinks(layout: Layout, key: bytes) -> Any:
    """Tink's own primitive for this key."""
    streaming_aead.register()
    parameters = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingParams(
        ciphertext_segment_size=layout.segment_bytes,
        derived_key_size=layout.key_bytes,
        hkdf_hash_type=TINK_HASHES[layout.hash_type],
    )
    value = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingKey(version=0, key_value=key, params=parameters)
    data = tink_pb2.KeyData(
        type_url=TYPE, value=value.SerializeToString(), key_material_type=tink_pb2.KeyData.SYMMETRIC
    )
    only = tink_pb2.Keyset.Key(key_data=data, status=tink_pb2.ENABLED, key_id=1, output_prefix_type=tink_pb2.RAW)
    keyset = tink_pb2.Keyset(primary_key_id=1, key=[only]).SerializeToString()
    handle = tink.proto_keyset_format.parse(keyset, secret_key_access.TOKEN)
    return handle.primitive(streaming_aead.StreamingAead)


def encrypted_by_tink(plaintext: bytes, layout: Layout = AUDIO, key: bytes = KEY, name: str = NAME) -> bytes:
    """A file as Tink makes it."""
    made = KeptOpen()
    with tinks(layout, key).new_encrypting_stream(made, name.encode()) as stream:
        stream.write(plaintext)
    return made.getvalue()


def decrypted_by_tink(ciphertext: bytes, layout: Layout = AUDIO, key: bytes = KEY, name: str = NAME) -> bytes:
    """The recording as Tink reads it."""
    with tinks(layout, key).new_decrypting_stream(io.BytesIO(ciphertext), name.encode()) as stream:
        read: bytes = stream.read()
    return read
