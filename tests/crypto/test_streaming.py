"""A recording comes back as it was, however it is handed over, in as much memory as a few segments take."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panzoto.crypto.streaming.audio import AudioDecryptor, AudioEncryptor
from panzoto.crypto.streaming.layout import AUDIO, MOST_SEGMENTS, TAG
from panzoto.errors import AudioDamaged
from tests.crypto.streams import KEY, NAME, SHORT, InShortReads, boundaries, encrypted, recording

DECRYPTOR = AudioDecryptor(KEY, NAME, SHORT)
LENGTHS = st.integers(0, 6 * SHORT.segment_bytes) | st.sampled_from(boundaries(SHORT))
STEPS = st.lists(st.integers(1, 3 * SHORT.segment_bytes), max_size=30)


def cut(data: bytes, lengths: list[int]) -> Iterator[bytes | bytearray | memoryview]:
    """Data in pieces of these lengths, of every type of bytes, some empty, the rest in one."""
    at = 0
    for number, length in enumerate(lengths):
        piece = data[at : at + length]
        yield (piece, bytearray(piece), memoryview(piece), b"")[number % 4]
        at += length if number % 4 < 3 else 0
    yield data[at:]


@pytest.mark.parametrize("length", boundaries(SHORT))
def test_short_segments_at_every_edge(length: int) -> None:
    """What was encrypted is decrypted, at every length at which something changes, and is as long as foretold."""
    plaintext = recording(length)
    ciphertext = encrypted(plaintext)
    assert b"".join(DECRYPTOR.decrypt(io.BytesIO(ciphertext))) == plaintext
    assert len(ciphertext) == SHORT.ciphertext_length(length)
    assert SHORT.plaintext_length(len(ciphertext)) == length


@pytest.mark.parametrize("length", boundaries(AUDIO))
def test_segments_of_a_recording(length: int) -> None:
    """The same with segments of 1 MiB, from pieces and from files, into pieces of at most a segment."""
    plaintext = recording(length)
    pieces = list(AudioEncryptor(KEY, NAME).encrypt([plaintext]))
    assert [len(piece) for piece in pieces[2:-1]] == [2**20] * len(pieces[2:-1])
    assert len(pieces[0]) == 40
    assert len(pieces) == 2 or len(pieces[1]) == 2**20 - 40
    out = list(AudioDecryptor(KEY, NAME).decrypt(io.BytesIO(b"".join(pieces))))
    assert b"".join(out) == plaintext
    assert all(0 < len(piece) <= 2**20 - TAG for piece in out)


@given(LENGTHS, STEPS, STEPS)
def test_any_source_will_do(length: int, on_the_way_in: list[int], on_the_way_out: list[int]) -> None:
    """Pieces of any size and reads that give less than was asked for change nothing."""
    plaintext = recording(length)
    for source in (InShortReads(plaintext, on_the_way_in), cut(plaintext, on_the_way_in)):
        ciphertext = b"".join(AudioEncryptor(KEY, NAME, SHORT).encrypt(source))
        for again in (InShortReads(ciphertext, on_the_way_out), cut(ciphertext, on_the_way_out)):
            assert b"".join(DECRYPTOR.decrypt(again)) == plaintext


def test_a_source_may_use_its_buffer_again() -> None:
    """A piece is used up before the next one is asked for, so it may be the same buffer."""
    ciphertext, buffer = encrypted(recording(1000)), bytearray(70)

    def pieces() -> Iterator[memoryview]:
        source = io.BytesIO(ciphertext)
        while count := source.readinto(buffer):
            yield memoryview(buffer)[:count]

    assert b"".join(DECRYPTOR.decrypt(pieces())) == recording(1000)


def test_what_was_given_out_stays() -> None:
    """A piece is the reader's own: what comes after does not change it."""
    plaintext = recording(1000)
    assert b"".join(list(DECRYPTOR.decrypt(io.BytesIO(encrypted(plaintext))))) == plaintext


def test_a_segment_comes_out_before_the_file_is_in() -> None:
    """The first piece needs no more of the source than its segment and the next one."""
    ciphertext = encrypted(recording(2000))
    source = io.BytesIO(ciphertext)
    next(DECRYPTOR.decrypt(source))
    assert source.tell() == 2 * SHORT.segment_bytes


@pytest.mark.parametrize("make", [AudioEncryptor(KEY, NAME).encrypt, AudioDecryptor(KEY, NAME).decrypt])
def test_a_fault_of_the_source_is_heard(make: type[Iterator[bytes]]) -> None:
    """A source that fails is not a recording that ends there."""

    def failing() -> Iterator[bytes]:
        yield encrypted(recording(10))
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        list(make(failing()))  # type: ignore[call-arg]


def test_a_source_that_has_nothing_yet_is_no_end() -> None:
    """A file that does not block answers None: that is a fault of the caller's, not the end of a recording."""

    class Later(io.RawIOBase):
        def readinto(self, room: object) -> None:
            return None

    with pytest.raises(TypeError):
        list(AudioEncryptor(KEY, NAME).encrypt(Later()))


def test_every_file_has_a_salt_and_a_prefix_of_its_own() -> None:
    """The same recording encrypted again, by the same encryptor too, shares nothing with its first file."""
    encryptor = AudioEncryptor(KEY, NAME, SHORT)
    files = [b"".join(encryptor.encrypt(io.BytesIO(b"same"))) for _ in range(100)]
    assert {file[0] for file in files} == {40}
    for part in (slice(1, 33), slice(33, 40), slice(40, None)):
        assert len({file[part] for file in files}) == 100


def test_there_are_2_to_the_32_segments_and_no_more() -> None:
    """The last index that fits is sealed and opened; past it nothing is, since a nonce would come again."""
    segments = DECRYPTOR.segments(encrypted(b"")[:40])
    sealed = segments.seal(MOST_SEGMENTS - 1, memoryview(b"end"), True)
    assert segments.open(MOST_SEGMENTS - 1, sealed, True) == b"end"
    with pytest.raises(ValueError, match="2\\^32"):
        segments.seal(MOST_SEGMENTS, memoryview(b"more"), False)
    with pytest.raises(AudioDamaged):
        segments.open(MOST_SEGMENTS, sealed, True)


@pytest.mark.parametrize("key", [b"", KEY[:16], KEY[:31], KEY + b"x", KEY.hex().encode()])
def test_an_audio_key_has_32_bytes(key: bytes) -> None:
    """Another length is a defect of ours, whatever the file."""
    with pytest.raises(ValueError, match="32 bytes"):
        next(AudioEncryptor(key, NAME).encrypt([b""]))
    with pytest.raises(ValueError, match="32 bytes"):
        next(AudioDecryptor(key, NAME).decrypt([encrypted(b"")]))


def test_memory_does_not_grow_with_the_recording() -> None:
    """Forty segments take as much memory as four: two to read into, and what the reader holds."""

    def most(count: int) -> int:
        piece = bytes(2**18)
        tracemalloc.start()
        encrypting = AudioEncryptor(KEY, NAME).encrypt(piece for _ in range(4 * count))
        for out in AudioDecryptor(KEY, NAME).decrypt(encrypting):
            assert out
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    assert most(4) < 10 * 2**20
    assert most(40) < most(4) + 2**18
