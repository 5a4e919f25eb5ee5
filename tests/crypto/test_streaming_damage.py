"""A recording that was cut, changed, mixed or moved is refused, and nothing is given out that was not verified."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panzoto.crypto.streaming.audio import AudioDecryptor
from panzoto.crypto.streaming.layout import AUDIO, Layout
from panzoto.errors import AudioDamaged
from tests.crypto.streams import (
    KEY,
    NAME,
    OTHER_KEY,
    OTHER_NAME,
    SHORT,
    boundaries,
    encrypted,
    recording,
    refused,
)

DECRYPTOR = AudioDecryptor(KEY, NAME, SHORT)
SIZE = SHORT.segment_bytes
PLAINTEXT = recording(SHORT.plaintext_length(5 * SIZE + 50))
FILE = encrypted(PLAINTEXT)
SEGMENTS = [FILE[at : at + SIZE] for at in range(0, len(FILE), SIZE)]


def before(index: int, layout: Layout = SHORT) -> int:
    """How much plaintext the segments before this one hold."""
    return layout.plaintext_length(index * layout.segment_bytes) if index else 0


def read(ciphertext: bytes, decryptor: AudioDecryptor = DECRYPTOR) -> Iterator[bytes]:
    """The pieces of a file."""
    return decryptor.decrypt(io.BytesIO(ciphertext))


@pytest.mark.parametrize("length", boundaries(SHORT))
def test_cut_anywhere(length: int) -> None:
    """Without its end a file is refused wherever it was cut: in the header, between segments, within, at the tag."""
    plaintext = recording(length)
    ciphertext = encrypted(plaintext)
    for left in range(len(ciphertext)):
        given_out = refused(read(ciphertext[:left]), plaintext)
        assert given_out <= max(0, left - 56)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_recording_cut_between_its_segments(count: int) -> None:
    """With segments of 1 MiB too, a file that ends where a segment does is no shorter recording."""
    plaintext = recording(AUDIO.plaintext_length(3 * 2**20 + 1000))
    ciphertext = encrypted(plaintext, AUDIO)
    given_out = refused(read(ciphertext[: count * 2**20], AudioDecryptor(KEY, NAME)), plaintext)
    assert given_out == before(count - 1, AUDIO)


def test_any_flipped_bit() -> None:
    """No bit of the file can be changed: of the length, the salt, the prefix, any segment or any tag."""
    for bit in range(len(FILE) * 8):
        changed = bytearray(FILE)
        changed[bit // 8] ^= 1 << bit % 8
        assert refused(read(bytes(changed)), PLAINTEXT) == before(bit // 8 // SIZE)


@pytest.mark.parametrize(("first", "second"), [*combinations(range(6), 2)])
def test_segments_in_another_order(first: int, second: int) -> None:
    """Two segments that changed places are refused where the first of them stands."""
    order = list(SEGMENTS)
    order[first], order[second] = order[second], order[first]
    assert refused(read(b"".join(order)), PLAINTEXT) == before(first)


@pytest.mark.parametrize("at", range(6))
def test_a_segment_left_out_or_repeated(at: int) -> None:
    """A file with one segment less or one twice is refused, though each is as it was made."""
    refused(read(b"".join(SEGMENTS[:at] + SEGMENTS[at + 1 :])), PLAINTEXT)
    refused(read(b"".join(SEGMENTS[: at + 1] + SEGMENTS[at:])), PLAINTEXT)


@pytest.mark.parametrize("at", range(6))
def test_a_segment_of_another_file(at: int) -> None:
    """A segment of another file of the same owner and name, in its own place, is refused."""
    other = encrypted(PLAINTEXT)
    mixed = FILE[: at * SIZE] + other[at * SIZE : (at + 1) * SIZE] + FILE[(at + 1) * SIZE :]
    refused(read(mixed), PLAINTEXT)
    refused(read(other[:40] + FILE[40:]), PLAINTEXT)


@pytest.mark.parametrize("length", boundaries(SHORT))
@pytest.mark.parametrize(
    "more", [b"\0", bytes(16), bytes(SIZE - 1), bytes(SIZE), FILE, FILE[-50:]], ids=lambda more: str(len(more))
)
def test_trailing_bytes(length: int, more: bytes) -> None:
    """Whatever comes after the last segment, the file is refused, at any length of it."""
    plaintext = recording(length)
    refused(read(encrypted(plaintext) + more), plaintext)


@pytest.mark.parametrize("layout", [SHORT, AUDIO], ids=["short", "audio"])
@pytest.mark.parametrize("length", [0, 1, 1000])
def test_another_owner_or_name(layout: Layout, length: int) -> None:
    """Another owner's key, and the same key under another name, open nothing."""
    ciphertext = encrypted(recording(length), layout)
    for decryptor in (AudioDecryptor(OTHER_KEY, NAME, layout), AudioDecryptor(KEY, OTHER_NAME, layout)):
        assert refused(read(ciphertext, decryptor), b"") == 0


@pytest.mark.parametrize("sizes", [Layout(segment_bytes=256), Layout(key_bytes=16, segment_bytes=128)])
def test_another_layout(sizes: Layout) -> None:
    """A file of other parameters is refused, though key and name are right."""
    refused(read(encrypted(recording(500), sizes)), b"")


@pytest.mark.parametrize("nothing", [b"", b"\0", b"(", b"\x28" * 39, b"\x28" * 40, b"\x28" * 56, bytes(2**20)])
def test_what_is_no_file_at_all(nothing: bytes) -> None:
    """An empty object, and one that is something else, is refused before anything is given out."""
    assert refused(AudioDecryptor(KEY, NAME).decrypt(io.BytesIO(nothing)), b"") == 0
    assert refused(AudioDecryptor(KEY, NAME).decrypt([nothing]), b"") == 0


@given(st.binary(max_size=600))
def test_any_bytes(noise: bytes) -> None:
    """No bytes that were not made with the key are a recording, under a right header either."""
    refused(read(noise), b"")
    refused(read(FILE[:40] + noise), PLAINTEXT)


HEADERS: dict[str, Callable[[bytes], bytes]] = {
    "none": lambda _: b"",
    "short": lambda header: header[:-1],
    "long": lambda header: header + b"x",
    "of another length": lambda header: b"\x18" + header[1:],
}


@pytest.mark.parametrize("change", HEADERS.values(), ids=HEADERS)
def test_a_header_that_is_none(change: Callable[[bytes], bytes]) -> None:
    """A header is refused by its length, and by the length that it states, before any key is derived."""
    with pytest.raises(AudioDamaged):
        DECRYPTOR.segments(change(FILE[:40]))
