"""Many items at once: lists with cursors, keys by the hundred, and scans, which are for operators alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from panzoto.deps import Deps, build
from panzoto.errors import InvalidCursor, UndeclaredOperation
from panzoto.models.spec import AUDIO_FILES
from panzoto.models.store.expressions import Attr, Condition, Key
from panzoto.models.store.wire import Item
from panzoto.models.table import Table
from tests.support import border

from .conftest import Events, Files, Logs

OF_U = Key("userId").eq("u")


class Sealed(Table):
    """A table that items are put into one by one."""

    spec = replace(AUDIO_FILES, operations=frozenset({"PutItem"}))


def fill(logs: Logs, count: int) -> list[Item]:
    """Steps of one user in the order of time, and some of another."""
    steps = [{"userId": "u", "timestamp": f"{n:04}", "flowId": f"flow-{n % 2}", "n": n} for n in range(count)]
    others = [{"userId": "other", "timestamp": f"{n:04}", "flowId": "flow-0"} for n in range(3)]
    logs.write_many(puts=[*steps, *others])
    return steps


def pages(table: Table, where: Condition, limit: int, **more: Any) -> list[list[Item]]:
    """Every page of a list, one cursor after the other."""
    found = [table.query(where, limit=limit, **more)]
    while found[-1].cursor is not None:
        found.append(table.query(where, limit=limit, cursor=found[-1].cursor, **more))
    return [page.items for page in found]


@pytest.mark.parametrize("limit", [1, 3, 4, 6, 7, 8, 50])
def test_pages_follow_one_another_newest_first(logs: Logs, limit: int) -> None:
    """Whatever their size, pages hold every item of the list once and in order; only the last is short."""
    steps = fill(logs, 7)
    found = pages(logs, OF_U, limit, newest_first=True)
    assert [item for page in found for item in page] == steps[::-1]
    assert all(len(page) == limit for page in found[:-1])
    assert len(found) == -(-7 // limit)


def test_a_list_of_nothing_is_one_empty_page(logs: Logs) -> None:
    """No items and no cursor."""
    page = logs.query(OF_U)
    assert (page.items, page.cursor) == ([], None)


def test_a_list_goes_on_where_items_were_added_and_deleted(logs: Logs) -> None:
    """A cursor is a place, not a number: what is new before it is not shown, what is gone leaves no gap."""
    steps = fill(logs, 6)
    first = logs.query(OF_U, newest_first=True, limit=2)
    logs.put({"userId": "u", "timestamp": "9999"})
    logs.delete({"userId": "u", "timestamp": steps[4]["timestamp"]})
    rest = logs.query(OF_U, newest_first=True, limit=9, cursor=first.cursor)
    assert first.items + rest.items == steps[::-1]


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 6])
def test_a_filter_still_fills_the_pages(logs: Logs, limit: int) -> None:
    """A page is as long as was asked for although the store leaves out most of what it reads, and none is skipped."""
    steps = fill(logs, 20)
    found = pages(logs, OF_U, limit, newest_first=True, only=Attr("n").gt(9) & Attr("flowId").eq("flow-1"))
    assert [item for page in found for item in page] == [steps[n] for n in (19, 17, 15, 13, 11)]
    assert all(len(page) == limit for page in found[:-1])
    assert len(found) == -(-5 // limit)


def test_an_index_is_paged_like_the_table(logs: Logs) -> None:
    """The place in an index is the index's keys and the table's."""
    steps = [step for step in fill(logs, 9) if step["flowId"] == "flow-1"]
    assert pages(logs, Key("flowId").eq("flow-1"), 2, index="flow-index") == [steps[:2], steps[2:]]


def test_an_index_may_order_by_a_number(files: Files) -> None:
    """A person's files come newest first, and many of the same second are each shown once."""
    times = [5, 5, 5, 40, 300]
    records = [{"file_id": f"f{n}", "user_id": "u", "uploaded_at": at} for n, at in enumerate(times)]
    files.write_many(puts=records)
    found = pages(files, Key("user_id").eq("u"), 1, index="user-files-index", newest_first=True)
    shown = [item for page in found for item in page]
    assert {item["file_id"] for item in shown} == {record["file_id"] for record in records}
    assert [item["uploaded_at"] for item in shown] == times[::-1]


def test_an_index_that_is_not_declared_is_not_asked(logs: Logs) -> None:
    """A name that stands in no declaration is a defect of ours."""
    with pytest.raises(UndeclaredOperation, match="no-index"):
        logs.query(OF_U, index="no-index")


def test_a_cursor_of_another_list_is_refused(logs: Logs, files: Files) -> None:
    """A cursor works for its owner, its direction, its filter, its index and its table, and nowhere else."""
    fill(logs, 5)
    cursor = logs.query(OF_U, newest_first=True, limit=2).cursor
    with pytest.raises(InvalidCursor):
        logs.query(Key("userId").eq("other"), newest_first=True, limit=2, cursor=cursor)
    with pytest.raises(InvalidCursor):
        logs.query(OF_U, limit=2, cursor=cursor)
    with pytest.raises(InvalidCursor):
        logs.query(OF_U, newest_first=True, limit=2, cursor=cursor, only=Attr("n").eq(1))
    with pytest.raises(InvalidCursor):
        logs.query(Key("flowId").eq("flow-0"), index="flow-index", newest_first=True, limit=2, cursor=cursor)
    with pytest.raises(InvalidCursor):
        files.query(Key("user_id").eq("u"), index="user-files-index", limit=2, cursor=cursor)
    assert len(logs.query(OF_U, newest_first=True, limit=3, cursor=cursor).items) == 3


@pytest.mark.parametrize("cursor", ["x", "null", "AAAA", "A" * 64, "é", "\ud800", " ", "A" * 4097])
def test_a_cursor_that_is_none_of_ours_is_refused(logs: Logs, cursor: str) -> None:
    """Garbage is the caller's fault, not ours."""
    with pytest.raises(InvalidCursor):
        logs.query(OF_U, cursor=cursor)


def test_many_keys_are_read_in_their_order(files: Files) -> None:
    """More keys than one call takes, some of nothing, some twice: what there is, each once, in the order asked for."""
    records = [{"file_id": f"f{n:03}", "n": n} for n in range(230)]
    files.write_many(puts=records)
    wanted = [{"file_id": f"f{n:03}"} for n in reversed(range(260))]
    assert files.get_many([*wanted, wanted[5]]) == records[::-1]


@pytest.mark.parametrize("part", ["", "x" * 1025, "é" * 513, "x" * 4000, "\ud800"])
def test_a_key_that_no_item_can_have_finds_nothing(logs: Logs, deps: Deps, part: str) -> None:
    """What somebody made up as an id is not there; that DynamoDB would refuse to look for it is nobody's fault."""
    logs.put({"userId": "u", "timestamp": "x" * 1024})
    seen = border.at(deps.gateway._client)
    assert logs.get({"userId": "u", "timestamp": part}) is None
    assert logs.get({"userId": part * 2, "timestamp": "t"}) is None
    assert logs.get_many([{"userId": "u", "timestamp": part}]) == []
    assert seen.requests == []
    assert logs.get({"userId": "u", "timestamp": "x" * 1024}) is not None


def test_no_keys_are_no_call(files: Files, deps: Deps) -> None:
    """Nothing is asked for nothing."""
    seen = border.at(deps.gateway._client)
    assert files.get_many([]) == []
    files.write_many()
    assert seen.requests == []


def test_many_writes_are_all_done(files: Files) -> None:
    """Puts and deletes by more than one call takes."""
    files.write_many(puts=[{"file_id": f"f{n:03}"} for n in range(60)])
    files.write_many(
        puts=[{"file_id": f"g{n:03}"} for n in range(30)], deletes=[{"file_id": f"f{n:03}"} for n in range(30)]
    )
    names = [f"{letter}{n:03}" for letter in "fg" for n in range(60)]
    there = {item["file_id"] for item in files.get_many({"file_id": name} for name in names)}
    assert there == {f"f{n:03}" for n in range(30, 60)} | {f"g{n:03}" for n in range(30)}


def test_a_batch_that_is_not_declared_never_leaves(deps: Deps) -> None:
    """Batches are operations of their own, which a declaration permits or does not."""
    sealed = Sealed(deps.gateway, deps.config.audio_files_table)
    seen = border.at(deps.gateway._client)
    with pytest.raises(UndeclaredOperation, match="BatchGetItem"):
        sealed.get_many([{"file_id": "f"}])
    with pytest.raises(UndeclaredOperation, match="BatchWriteItem"):
        sealed.write_many(puts=[{"file_id": "f"}])
    assert seen.requests == []


def test_only_an_operator_scans(files: Files, deps: Deps) -> None:
    """A request cannot scan; an operator's command reads every item, page by page, or those that it names."""
    files.write_many(puts=[{"file_id": f"f{n}", "n": n} for n in range(7)])
    with pytest.raises(UndeclaredOperation, match="Scan is not declared for audio_files"):
        next(files.scan())
    operators = Files(build(deps.config, operator=True).gateway, files.name)
    assert {item["n"] for item in operators.scan(page=2)} == {*range(7)}
    assert {item["n"] for item in operators.scan(page=2, only=Attr("n").gt(4))} == {5, 6}


def test_an_operator_may_do_no_more_than_is_declared_for_operators(deps: Deps) -> None:
    """Being an operator permits what the declaration lists for operators, not everything."""
    events = Events(build(deps.config, operator=True).gateway, deps.config.audit_events_table)
    with pytest.raises(UndeclaredOperation):
        events.delete({"subject": "s", "at": "2026"})
