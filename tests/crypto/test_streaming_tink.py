"""The format is Tink's: its own examples open, and its own library reads what we write and writes what we read.

`tink_vectors.json` has the examples of `AesGcmHkdfStreamingTestUtil.java` of tink-crypto/tink-java, the bytes in hex.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
import tink
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA512

from panzoto.crypto.streaming.audio import AudioDecryptor
from panzoto.crypto.streaming.layout import AUDIO, TAG, Layout
from panzoto.crypto.streaming.segments import Segments, file_key
from panzoto.errors import AudioDamaged
from tests.crypto.streams import (
    KEY,
    NAME,
    SHORT,
    boundaries,
    decrypted_by_tink,
    encrypted,
    encrypted_by_tink,
    recording,
    refused,
)

VECTORS: list[dict[str, Any]] = json.loads(Path(__file__).with_name("tink_vectors.json").read_text())["vectors"]
HASHES: dict[str, Any] = {"SHA1": SHA1, "SHA256": SHA256, "SHA512": SHA512}
BOTH = pytest.mark.parametrize(
    ("layout", "length"), [(layout, length) for layout in (SHORT, AUDIO) for length in boundaries(layout)]
)


def layout_of(vector: dict[str, Any]) -> Layout:
    """An example's parameters."""
    return Layout(
        secret_bytes=len(vector["key"]) // 2,
        key_bytes=vector["derived_key_size"],
        segment_bytes=vector["ciphertext_segment_size"],
        hash_type=HASHES[vector["hkdf_hash"]],
    )


@pytest.mark.parametrize("vector", VECTORS, ids=range(len(VECTORS)))
def test_tinks_examples_open(vector: dict[str, Any]) -> None:
    """Each example gives its plaintext, whole and by its last segment, and without its last byte nothing."""
    layout, ciphertext = layout_of(vector), bytes.fromhex(vector["ciphertext"])
    plaintext, name = bytes.fromhex(vector["plaintext"]), bytes.fromhex(vector["associated_data"]).decode()
    decryptor = AudioDecryptor(bytes.fromhex(vector["key"]), name, layout)
    assert b"".join(decryptor.decrypt(io.BytesIO(ciphertext))) == plaintext
    assert layout.plaintext_length(len(ciphertext)) == len(plaintext)
    assert layout.ciphertext_length(len(plaintext)) == len(ciphertext)
    refused(decryptor.decrypt(io.BytesIO(ciphertext[:-1])), plaintext)


def test_tinks_longest_example_is_sealed_to_the_byte() -> None:
    """Under an example's salt and prefix, its plaintext gives its ciphertext."""
    vector = VECTORS[0]
    ciphertext, plaintext = bytes.fromhex(vector["ciphertext"]), memoryview(bytes.fromhex(vector["plaintext"]))
    layout, key, name = layout_of(vector), bytes.fromhex(vector["key"]), bytes.fromhex(vector["associated_data"])
    segments = Segments(layout, file_key(layout, key, name, ciphertext[:24]), ciphertext[:24])
    sealed = [segments.seal(0, plaintext[:24], False), segments.seal(1, plaintext[24:72], False)]
    assert b"".join([ciphertext[:24], *sealed, segments.seal(2, plaintext[72:], True)]) == ciphertext


@BOTH
def test_tink_reads_what_we_write(layout: Layout, length: int) -> None:
    """At every edge the tink package decrypts our file."""
    plaintext = recording(length)
    assert decrypted_by_tink(encrypted(plaintext, layout), layout) == plaintext


@BOTH
def test_we_read_what_tink_writes(layout: Layout, length: int) -> None:
    """At every edge we decrypt the tink package's file, whose length is what we foretell."""
    plaintext = recording(length)
    ciphertext = encrypted_by_tink(plaintext, layout)
    assert b"".join(AudioDecryptor(KEY, NAME, layout).decrypt(io.BytesIO(ciphertext))) == plaintext
    assert len(ciphertext) == layout.ciphertext_length(length)


@pytest.mark.parametrize("layout", [SHORT, AUDIO], ids=["short", "audio"])
def test_an_empty_last_segment_is_read_as_tink_reads_it(layout: Layout) -> None:
    """A writer that ends with a segment of nothing but a tag made a whole recording, to Tink and to us."""
    header = encrypted(b"", layout)[: layout.header_bytes]
    plaintext = recording(layout.segment_bytes - layout.header_bytes - TAG)
    segments = Segments(layout, file_key(layout, KEY, NAME.encode(), header), header)
    file = header + segments.seal(0, memoryview(plaintext), False) + segments.seal(1, memoryview(b""), True)
    assert decrypted_by_tink(file, layout) == plaintext
    assert list(AudioDecryptor(KEY, NAME, layout).decrypt(io.BytesIO(file))) == [plaintext]
    assert layout.plaintext_length(len(file)) == len(plaintext)
    span = layout.last_span(len(file))
    assert list(AudioDecryptor(KEY, NAME, layout).decrypt_span(span, header, [file[span.start :]])) == []


def test_tink_and_we_refuse_the_same() -> None:
    """Cut between segments, or with bytes behind, a file is one to neither of us."""
    ciphertext = encrypted_by_tink(recording(500), SHORT)
    for broken in (ciphertext[:256], ciphertext[:-1], ciphertext + b"x", ciphertext[1:]):
        with pytest.raises(tink.TinkError):
            decrypted_by_tink(broken, SHORT)
        with pytest.raises(AudioDamaged):
            list(AudioDecryptor(KEY, NAME, SHORT).decrypt(io.BytesIO(broken)))
