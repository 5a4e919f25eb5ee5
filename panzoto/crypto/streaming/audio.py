"""Recordings encrypted and decrypted as streams: of any length, in constant memory, and verified before given out."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from panzoto.crypto.streaming.layout import AUDIO, PREFIX, TAG, Layout, Span
from panzoto.crypto.streaming.segments import Segments, file_key
from panzoto.crypto.streaming.sources import Source, filling, segments
from panzoto.errors import AudioDamaged


class AudioDecryptor:
    """Decrypts the file that is kept under `s3_key` with its owner's audio key.

    Every piece that comes out has been verified; that the recording is whole is known when the last piece is out and
    the iteration has ended without `AudioDamaged`. Nothing is read before the first piece is asked for.
    """

    def __init__(self, audio_key: bytes, s3_key: str, layout: Layout = AUDIO) -> None:
        self._secret, self._associated_data, self._layout = audio_key, s3_key.encode(), layout

    def decrypt(self, source: Source) -> Iterator[bytes]:
        """The recording, in pieces of at most a segment."""
        fill = filling(source)
        room = memoryview(bytearray(self._layout.header_bytes))
        header = bytes(room[: fill(room)])
        opened, size = self.segments(header), self._layout.segment_bytes
        for index, (segment, is_last) in enumerate(segments(fill, size - len(header), size)):
            if piece := opened.open(index, segment, is_last):
                yield piece

    def decrypt_span(self, span: Span, header: bytes, source: Source) -> Iterator[bytes]:
        """A range of the recording. The header is the file's first bytes, the source has those of the span alone."""
        fill, opened, size = filling(source), self.segments(header), self._layout.segment_bytes
        room = memoryview(bytearray(size))
        index, at, skip, left = span.first, span.start, span.skip, span.length
        while at < span.stop:
            got = fill(room[: min((index + 1) * size, span.stop) - at])
            index, at = index + 1, at + got
            piece = opened.open(index - 1, room[:got], span.is_last and at == span.stop)
            if wanted := piece[skip : skip + left]:
                yield wanted
            skip, left = 0, left - len(wanted)
        if fill(room[:1]):
            raise AudioDamaged

    def segments(self, header: bytes) -> Segments:
        """The segments of the file with this header, to be opened each by itself."""
        return Segments(self._layout, self.file_key(header), header)

    def file_key(self, header: bytes) -> bytes:
        """The key of the file with this header alone, for whoever is to open this file and no other."""
        return file_key(self._layout, self._secret, self._associated_data, header)


class FileDecryptor(AudioDecryptor):
    """Decrypts one file by its own key, without its owner's audio key."""

    def __init__(self, key: bytes, layout: Layout = AUDIO) -> None:
        self._key, self._layout = key, layout

    def segments(self, header: bytes) -> Segments:
        """The segments of the file; those of another do not open."""
        return Segments(self._layout, self._key, header)


class AudioEncryptor:
    """Encrypts recordings with their owner's audio key, for the `s3_key` under which they will be kept."""

    def __init__(self, audio_key: bytes, s3_key: str, layout: Layout = AUDIO) -> None:
        self._secret, self._associated_data, self._layout = audio_key, s3_key.encode(), layout

    def encrypt(self, source: Source) -> Iterator[bytes]:
        """The encrypted file in pieces, the header first. Every call draws a salt and a prefix, and so a key, anew."""
        layout, fill = self._layout, filling(source)
        header = bytes([layout.header_bytes]) + secrets.token_bytes(layout.key_bytes + PREFIX)
        sealed = Segments(layout, file_key(layout, self._secret, self._associated_data, header), header)
        yield header
        size = layout.segment_bytes - TAG
        for index, (segment, is_last) in enumerate(segments(fill, size - len(header), size)):
            yield sealed.seal(index, segment, is_last)
