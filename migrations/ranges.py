"""Which rows have been moved: ranges of keys, in the order of the old database."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from typing import Any, Self

from migrations.columns import KeyValue

Range = tuple[KeyValue | None, KeyValue]


class Ranges:
    """Ranges of keys, each from after one key up to another; None is before every key."""

    def __init__(self, joined: list[Range]) -> None:
        self._joined = joined
        self._ends: list[Any] = [upto for _, upto in joined]

    @classmethod
    def of(cls, pairs: Iterable[Range]) -> Self:
        """The ranges, joined where one begins at the end of another or before it."""
        joined: list[Range] = []
        for after, upto in sorted(pairs, key=_place):
            if joined and not is_after(after, joined[-1][1]):
                joined[-1] = (joined[-1][0], upto if is_after(upto, joined[-1][1]) else joined[-1][1])
            else:
                joined.append((after, upto))
        return cls(joined)

    @property
    def start(self) -> KeyValue | None:
        """Up to where nothing is missing, so that nothing need be read."""
        return self._joined[0][1] if self._joined and self._joined[0][0] is None else None

    def find(self, key: KeyValue) -> Range | None:
        """The range that a key is in."""
        place = bisect_left(self._ends, key)
        found = place < len(self._joined) and is_after(key, self._joined[place][0])
        return self._joined[place] if found else None


def is_after(key: KeyValue | None, other: KeyValue | None) -> bool:
    """Whether a key comes after another."""
    if key is None or other is None:
        return key is not None
    return bool(key > other)  # type: ignore[operator]


def _place(each: Range) -> tuple[bool, Any]:
    return (each[0] is not None, each[0])
