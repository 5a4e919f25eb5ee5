"""A range of a recording is read from the segments that hold it, and each of them is verified."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panzoto.crypto.streaming.audio import AudioDecryptor
from panzoto.crypto.streaming.layout import AUDIO, MOST_SEGMENTS, TAG, Span
from panzoto.errors import AudioDamaged
from tests.crypto.streams import KEY, NAME, OTHER_NAME, SHORT, boundaries, encrypted, recording, refused

DECRYPTOR = AudioDecryptor(KEY, NAME, SHORT)
SIZE = SHORT.segment_bytes
PLAINTEXT = recording(SHORT.plaintext_length(5 * SIZE + 50))
FILE = encrypted(PLAINTEXT)


def part(span: Span, file: bytes = FILE, decryptor: AudioDecryptor = DECRYPTOR) -> bytes:
    """The range that is read from the file's header and the bytes of the span alone."""
    return b"".join(decryptor.decrypt_span(span, file[:40], io.BytesIO(file[span.start : span.stop])))


@given(st.data())
def test_a_range_is_a_slice(data: st.DataObject) -> None:
    """Any range of any recording is what slicing the whole recording gives, from no more segments than it touches."""
    length = data.draw(st.integers(1, 6 * SIZE) | st.sampled_from(boundaries(SHORT)[1:]), "length")
    start = data.draw(st.integers(0, length - 1), "start")
    stop = data.draw(st.integers(start + 1, length), "stop")
    plaintext = recording(length)
    file = encrypted(plaintext)
    span = SHORT.span(start, stop, len(file))
    assert part(span, file) == plaintext[start:stop]
    touched = (stop - start - 2) // (SIZE - TAG) + 2  # one at each end, and those that lie whole between them
    assert span.stop - span.start <= touched * SIZE
    assert span.length == stop - start


def test_every_range_of_a_short_recording() -> None:
    """Each of the ranges of three segments, at every edge, is the slice."""
    plaintext = recording(SHORT.plaintext_length(2 * SIZE + 20))
    file = encrypted(plaintext)
    for start in range(len(plaintext)):
        for stop in range(start + 1, len(plaintext) + 1):
            assert part(SHORT.span(start, stop, len(file)), file) == plaintext[start:stop]


def test_ranges_of_segments_of_a_mebibyte() -> None:
    """Where the segments of a recording lie, in numbers."""
    length = AUDIO.ciphertext_length(5_000_000)
    assert length == 5_000_120
    assert AUDIO.span(0, 1, length) == Span(first=0, start=40, stop=2**20, skip=0, length=1, is_last=False)
    edge = 2**20 - 56
    assert AUDIO.span(edge - 1, edge + 1, length) == Span(0, 40, 2**21, edge - 1, 2, False)
    assert AUDIO.span(edge, edge + 1, length) == Span(1, 2**20, 2**21, 0, 1, False)
    assert AUDIO.span(4_999_999, 5_000_000, length) == Span(4, 2**22, length, 805_799, 1, True)
    assert AUDIO.last_span(length) == Span(4, 2**22, length, 0, 805_800, True)
    file = encrypted(recording(5_000_000), AUDIO)
    span = AUDIO.span(1_000_000, 4_500_000, length)
    assert part(span, file, AudioDecryptor(KEY, NAME)) == recording(5_000_000)[1_000_000:4_500_000]


def test_one_segment_by_itself() -> None:
    """With the header alone, any segment opens, as itself and as the last or not."""
    segments = DECRYPTOR.segments(FILE[:40])
    for index in range(6):
        segment = FILE[index * SIZE or 40 : (index + 1) * SIZE]
        start = SHORT.plaintext_length(index * SIZE) if index else 0
        plaintext = PLAINTEXT[start : start + len(segment) - TAG]
        assert segments.open(index, segment, index == 5) == plaintext
        for at, is_last in ((index, index != 5), (index + 1, index == 5)):
            with pytest.raises(AudioDamaged):
                segments.open(at, segment, is_last)


@pytest.mark.parametrize("length", boundaries(SHORT))
def test_the_last_segment_proves_the_length(length: int) -> None:
    """The last segment opens when the file is as long as it says, and not when it was cut between segments."""
    plaintext = recording(length)
    file = encrypted(plaintext)
    tail = part(SHORT.last_span(len(file)), file)
    assert plaintext.endswith(tail)
    for cut in range(SIZE, len(file), SIZE):
        with pytest.raises(AudioDamaged):
            part(SHORT.last_span(cut), file[:cut])


@pytest.mark.parametrize(("start", "stop"), [(0, 0), (5, 5), (6, 5), (-1, 5), (0, 11), (10, 11)])
def test_a_range_is_within_the_recording(start: int, stop: int) -> None:
    """No empty range, none backwards, none that begins before the recording or ends after it."""
    with pytest.raises(ValueError, match="within"):
        SHORT.span(start, stop, SHORT.ciphertext_length(10))


@pytest.mark.parametrize("length", [-1, 0, 1, 39, 40, 55, SIZE + 1, SIZE + 15, 3 * SIZE + 1, MOST_SEGMENTS * SIZE + 16])
def test_lengths_that_no_file_has(length: int) -> None:
    """A length that leaves no room for header and tags is that of a damaged file."""
    for ask in (SHORT.plaintext_length, SHORT.last_span, lambda length: SHORT.span(0, 1, length)):
        with pytest.raises(AudioDamaged):
            ask(length)


@given(st.integers(0, 2**40))
def test_lengths_go_both_ways(length: int) -> None:
    """The length of a recording and of its file follow from each other, though it be a tebibyte."""
    assert AUDIO.plaintext_length(AUDIO.ciphertext_length(length)) == length


SPAN = SHORT.span(200, 400, len(FILE))
BYTES = FILE[SPAN.start : SPAN.stop]
WRONG_SPANS = {
    "nothing": b"",
    "a byte less": BYTES[:-1],
    "a segment less": BYTES[:-SIZE],
    "a byte more": BYTES + b"x",
    "a segment more": BYTES + FILE[SPAN.stop : SPAN.stop + SIZE],
    "the segment before": FILE[SPAN.start - SIZE : SPAN.stop - SIZE],
    "the whole file": FILE,
    "a flipped bit": BYTES[:-1] + bytes([BYTES[-1] ^ 1]),
}


@pytest.mark.parametrize("served", WRONG_SPANS.values(), ids=WRONG_SPANS)
def test_other_bytes_than_the_span(served: bytes) -> None:
    """A storage that serves less, more or something else is found out, and nothing unverified is given out."""
    refused(DECRYPTOR.decrypt_span(SPAN, FILE[:40], io.BytesIO(served)), PLAINTEXT[200:400])


def test_a_span_of_another_file() -> None:
    """Another file's header, another name, and a wrong idea of the file's end are refused."""
    other = encrypted(PLAINTEXT)
    refused(DECRYPTOR.decrypt_span(SPAN, other[:40], io.BytesIO(BYTES)), b"")
    refused(AudioDecryptor(KEY, OTHER_NAME, SHORT).decrypt_span(SPAN, FILE[:40], io.BytesIO(BYTES)), b"")
    refused(DECRYPTOR.decrypt_span(replace(SPAN, is_last=True), FILE[:40], io.BytesIO(BYTES)), PLAINTEXT[200:])
