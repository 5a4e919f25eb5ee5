"""Where a stream's bytes come from, and how they are cut into segments with one segment of look-ahead.

Two buffers are filled in turn and used again, so a stream of any length takes the same memory. Bytes are asked for in
steps, so that what a source makes for each is small enough to stay in memory that the process has already: pieces of
1 MiB are given back to the system and asked for again, which takes longer than to decrypt them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

STEP = 256 * 1024


class Readable(Protocol):
    """A file, a body of S3 or of a request. It may give less than was asked for; nothing at all is the end."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes."""


Source = Readable | Iterable[bytes | bytearray | memoryview]
Fill = Callable[[memoryview], int]


def filling(source: Source) -> Fill:
    """A function that fills a room with the source's next bytes, and says how many: fewer at the source's end only."""
    some = _reading(source)

    def fill(room: memoryview) -> int:
        got = 0
        while got < len(room) and (count := some(room[got : got + STEP])) != 0:
            got += count
        return got

    return fill


def segments(fill: Fill, first: int, size: int) -> Iterator[tuple[memoryview, bool]]:
    """Each segment, and whether it is the last: `first` bytes, then `size` each. A segment lasts until the next."""
    room, other = memoryview(bytearray(size)), memoryview(bytearray(size))
    got = fill(room[:first])
    is_full = got == first
    while True:
        ahead = fill(other) if is_full else 0
        yield room[:got], ahead == 0
        if ahead == 0:
            return
        room, other = other, room
        got, is_full = ahead, ahead == size


def _reading(source: Source) -> Fill:
    """A function that puts some bytes into a room and says how many; 0 is the end."""
    readinto: Fill | None = getattr(source, "readinto", None)
    if readinto is not None:
        return readinto
    read = source.read if hasattr(source, "read") else _Pieces(source).read

    def some(room: memoryview) -> int:
        piece = read(len(room))
        room[: len(piece)] = piece
        return len(piece)

    return some


class _Pieces:
    """Pieces of any length, read as a file is. A piece is used up before the next one is asked for."""

    def __init__(self, pieces: Iterable[bytes | bytearray | memoryview]) -> None:
        self._pieces = iter(pieces)
        self._rest = memoryview(b"")

    def read(self, size: int, /) -> memoryview:
        """At most so many bytes of the piece that is in work."""
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._rest = memoryview(piece)
        some, self._rest = self._rest[:size], self._rest[size:]
        return some
