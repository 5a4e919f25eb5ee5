"""Rows become chunks: whatever was moved before, each row that was not is in exactly one, and no key is left out."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrations.chunks import MOST_MEMBERS, Chunk, Chunker
from migrations.columns import Columns
from migrations.faults import Stopped, Unfit
from migrations.mapping import Names
from migrations.members import Fit
from migrations.moved import WRITTEN
from migrations.pace import Pace
from migrations.ranges import Range, Ranges
from migrations.rows import Row
from panzoto.models.store.transaction import Member
from tests.support.clocks import Clock

USERS = Columns(Names.read(None).users, {"user_id": "int4"}, (), encoding="UTF8", zone=ZoneInfo("UTC"))
KEYS = st.lists(st.integers(0, 400), unique=True, max_size=300).map(sorted)
MEMBER = Member("Put", "Put users", {}, None)
UNFIT = 13


def fit(row: Row) -> Fit:
    """Every thirteenth row cannot be moved; neighbours claim the same at times."""
    key = int(row[0])
    if key % UNFIT == 0:
        raise Unfit("it cannot be moved")
    names = (f"claim {key // 2}", f"person {key}")
    return Fit(
        key, str(key), (MEMBER, MEMBER), names, str(key // 2) if key % 5 == 0 else str(-key), lambda _: (WRITTEN, "")
    )


def chunks(keys: list[int], ranges: Ranges) -> Iterator[Chunk]:
    """The chunks of rows with those keys."""
    return Chunker(USERS, ranges, fit).chunks((str(key), None, None, None, None) for key in keys)


@given(KEYS, st.data())
def test_each_row_is_moved_once(keys: list[int], data: st.DataObject) -> None:
    """Some chunks are moved, then a run goes on, with other rows than before: none is moved twice, and none never."""
    first = list(chunks(keys, Ranges.of([])))
    done = [each for each in first if data.draw(st.booleans())]
    reaches = [each.reach for each in done if each.reach]
    later = sorted({*keys, *data.draw(KEYS)})
    ranges = Ranges.of(reaches)
    start = ranges.start
    again = list(chunks([key for key in later if start is None or key > int(start)], ranges))
    moved = [key for key in later if ranges.find(key) is not None]
    brought = [key for each in again for key in seen(each)]
    assert sorted(brought) == sorted(set(later) - set(moved))
    whole = Ranges.of([*reaches, *(each.reach for each in again if each.reach)])
    assert not later or whole.start == later[-1]


def seen(chunk: Chunk) -> list[int]:
    """The keys of a chunk's rows."""
    return [int(row[0]) for _, row in chunk.fits] + [int(each.row[0]) for each in chunk.rejects]


@given(KEYS)
def test_a_chunk_is_one_transaction(keys: list[int]) -> None:
    """No chunk has more writes than a transaction takes beside the mark, and none claims anything twice."""
    for chunk in chunks(keys, Ranges.of([])):
        names = {name for each, _ in chunk.fits for name in each.names}
        claims = [each.claim for each, _ in chunk.fits]
        assert len(names) <= MOST_MEMBERS
        assert len(claims) == len(set(claims))


@given(st.lists(st.tuples(st.integers(0, 50) | st.none(), st.integers(0, 50)), max_size=20), st.integers(-1, 51))
def test_a_key_is_in_the_ranges_that_hold_it(pairs: list[Range], key: int) -> None:
    """Joined or not, the ranges hold the same keys."""
    pairs = [(after, upto) for after, upto in pairs if after is None or int(after) <= int(upto)]
    expected = any((after is None or key > int(after)) and key <= int(upto) for after, upto in pairs)
    assert (Ranges.of(pairs).find(key) is not None) is expected


def test_rows_in_another_order_end_the_move() -> None:
    """What was moved is known by ranges: a database that orders otherwise than we compare must not go on."""
    with pytest.raises(Stopped, match="order"):
        list(chunks([3, 2], Ranges.of([])))


def test_a_key_that_is_there_twice_is_told() -> None:
    """A table without a primary key may have a row twice: the second is not moved over the first."""
    (chunk,) = chunks([1, 1, 2, 2, 2], Ranges.of([]))
    assert [int(row[0]) for _, row in chunk.fits] == [1, 2]
    assert [each.reason for each in chunk.rejects] == ["user_id is there twice"] * 3


def test_rows_without_a_key_come_in_a_chunk_without_a_mark() -> None:
    """What no key names cannot be noted as moved: it is told each time."""
    rows = [(None, None, None, None, None)]

    def unfit(_: Row) -> Fit:
        raise Unfit("user_id is missing")

    (chunk,) = Chunker(USERS, Ranges.of([(None, 5)]), unfit).chunks(rows)
    assert chunk.reach is None
    assert [each.reason for each in chunk.rejects] == ["user_id is missing"]


@pytest.mark.parametrize(("most", "takes"), [(None, 0), (100, 9), (1000, 0.9)])
def test_units_are_taken_no_faster_than_the_cap(most: float | None, takes: float) -> None:
    """So many units a second, the first at once; what an answer says beyond what was expected counts too."""
    clock = Clock()
    pace = Pace(most, clock, clock.wait)
    began = clock()
    for _ in range(10):
        pace.take(60)
        pace.correct(40)
    pace.take(1)
    assert clock() - began == pytest.approx(takes + takes / 9)


def test_time_that_was_lost_is_not_made_up_for() -> None:
    """After a rest the cap holds as before."""
    clock = Clock()
    pace = Pace(10, clock, clock.wait)
    pace.take(10)
    clock.goes(100)
    before = clock()
    pace.take(10)
    pace.take(10)
    assert clock() - before == pytest.approx(1)
