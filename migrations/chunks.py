"""Rows in the order of their keys become chunks: each is one transaction, and together they leave out no key."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from migrations.columns import Columns, KeyValue
from migrations.faults import Stopped, Unfit
from migrations.members import Fit
from migrations.ranges import Range, Ranges, is_after
from migrations.rows import LONGEST_ID, Row
from panzoto.models.store.wire import size

# What a transaction takes, less one for the mark.
MOST_MEMBERS = 99
# Of rows that cannot be moved a chunk may have any number; so many are enough.
MOST_REJECTS = 1000


@dataclass(frozen=True)
class Reject:
    """A row that cannot be moved, and why."""

    row: Row
    reason: str


@dataclass
class Chunk:
    """Some rows that follow each other: those that can be moved, each with what it is, and those that cannot."""

    after: KeyValue | None
    upto: KeyValue | None = None
    fits: list[tuple[Fit, Row]] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    _items: set[str] = field(default_factory=set)
    claims: set[str] = field(default_factory=set)

    @property
    def reach(self) -> Range | None:
        """Which keys it brings; None when none of them can be written down."""
        return None if self.upto is None else (self.after, self.upto)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to be done."""
        return not (self.fits or self.rejects)

    def has_room_for(self, fit: Fit) -> bool:
        """Whether a row's writes fit in too. Of two rows that claim the same, the second has to see the first."""
        new = len(set(fit.names) - self._items)
        return len(self._items) + new <= MOST_MEMBERS and not (fit.claim and fit.claim in self.claims)

    def beyond(self, upto: KeyValue, columns: Columns) -> Chunk | None:
        """What of it comes after a key up to which somebody else has moved its rows; None where nothing does."""
        if not is_after(self.upto, upto):
            return None
        rest = Chunk(upto, self.upto)
        for fit, row in self.fits:
            if is_after(fit.key, upto):
                rest.add(fit, row)
        for each in self.rejects:
            if each.row[0] is None or is_after(columns.key_of(each.row[0]), upto):
                rest.rejects.append(each)
        return rest

    def add(self, fit: Fit, row: Row) -> None:
        """Take a row in."""
        self.fits.append((fit, row))
        self._items.update(fit.names)
        if fit.claim:
            self.claims.add(fit.claim)


class Chunker:
    """Makes chunks of the rows that have not been moved yet."""

    def __init__(self, columns: Columns, ranges: Ranges, fit: Callable[[Row], Fit]) -> None:
        self._columns = columns
        self._ranges = ranges
        self._fit = fit
        self._chunk = Chunk(ranges.start)
        self._last: KeyValue | None = None

    def chunks(self, rows: Iterable[Row]) -> Iterator[Chunk]:
        """The chunks, in order."""
        for row in rows:
            key = None if row[0] is None else self._columns.key_of(row[0])
            if key is not None and is_after(self._last, key):  # or ranges would say of rows that they are moved
                raise Stopped(f"The rows of {self._columns.table.name} do not come in the order of their keys.")
            moved = None if key is None else self._ranges.find(key)
            if moved is not None:
                yield from self._closed(upto=moved[0], then=moved[1])
            elif key is not None and key == self._last:
                self._chunk.rejects.append(Reject(row, twice(self._columns)))
            else:
                yield from self._take(row, key)
            self._last = key
        yield from self._closed()

    def _take(self, row: Row, key: KeyValue | None) -> Iterator[Chunk]:
        try:
            fit = self._fit(row)
        except Unfit as unfit:
            if len(self._chunk.rejects) >= MOST_REJECTS:
                yield from self._closed()
            self._chunk.rejects.append(Reject(row, str(unfit)))
        else:
            if not self._chunk.has_room_for(fit):
                yield from self._closed()
            self._chunk.add(fit, row)
        if key is not None and _can_be_kept(key):
            self._chunk.upto = key

    def _closed(self, upto: KeyValue | None = None, then: KeyValue | None = None) -> Iterator[Chunk]:
        """The chunk that is full; or that ends where rows begin that were moved before, after which the next begins."""
        chunk = self._chunk
        if not chunk.is_empty:
            if upto is not None and chunk.upto is not None:
                chunk.upto = upto
            yield chunk
        self._chunk = Chunk(then if then is not None else chunk.after if chunk.upto is None else chunk.upto)


def twice(columns: Columns) -> str:
    """Why of two rows with one key the second cannot be moved."""
    return f"{columns.table.ours[0]} is there twice"


def _can_be_kept(key: KeyValue) -> bool:
    """Whether a key can stand in an item; the rows of others are refused each time anew."""
    return isinstance(key, int) or (0 < size(key) <= LONGEST_ID)
