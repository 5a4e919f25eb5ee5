"""One item at a time: what a write does, and what it raises when its condition does not hold."""

from __future__ import annotations

from decimal import Decimal

import pytest

from panzoto.errors import Conflict, EmailTaken, StoreRefused, UndeclaredOperation
from panzoto.models.store.expressions import Attr, Change
from panzoto.models.store.wire import Item

from .conftest import Events, Files, Logs

KEY = {"file_id": "f1"}


class Outdated(Exception):
    """Told with the item that was there."""


def outdated(item: Item | None) -> Exception:
    """An error made from the item that was there."""
    return Outdated(item["size"] if item else None)


def test_what_is_put_is_read(files: Files) -> None:
    """An item comes back with every kind of value that it had."""
    item = KEY | {
        "n": 7,
        "price": Decimal("0.10"),
        "bytes": b"\x00\xff",
        "on": True,
        "nothing": None,
        "tags": {"a", "b"},
        "deep": {"list": [1, "two", {"three": 3}]},
        "empty": "",
    }
    files.put(item)
    assert files.get(KEY) == item


def test_what_was_never_put_is_none(files: Files) -> None:
    """No item is None, not an error."""
    assert files.get({"file_id": "nobody"}) is None


def test_a_second_put_replaces_the_item_whole(files: Files) -> None:
    """Without a condition the last put stands, and nothing of the first remains."""
    files.put(KEY | {"a": 1})
    files.put(KEY | {"b": 2})
    assert files.get(KEY) == KEY | {"b": 2}


def test_a_put_whose_condition_does_not_hold_raises_the_class_that_was_named(files: Files) -> None:
    """A lost race is a domain error, and the item that was there stays."""
    files.put(KEY | {"size": 1})
    with pytest.raises(EmailTaken):
        files.put(KEY | {"size": 2}, when=Attr("file_id").not_exists(), otherwise=EmailTaken)
    assert files.get(KEY) == KEY | {"size": 1}


def test_a_put_whose_condition_does_not_hold_hands_over_the_old_item(files: Files) -> None:
    """The error may be made from what was there."""
    files.put(KEY | {"size": 1})
    with pytest.raises(Outdated, match="1"):
        files.put(KEY | {"size": 2}, when=Attr("file_id").not_exists(), otherwise=outdated)


def test_a_condition_on_nothing_hands_over_none(files: Files) -> None:
    """There may have been no item at all."""
    with pytest.raises(Outdated, match="None"):
        files.put(KEY, when=Attr("file_id").exists(), otherwise=outdated)


def test_without_a_named_error_a_lost_race_is_a_conflict(files: Files) -> None:
    """The error that nobody named is Conflict, for every kind of write."""
    files.put(KEY)
    never = Attr("file_id").not_exists()
    with pytest.raises(Conflict):
        files.put(KEY, when=never)
    with pytest.raises(Conflict):
        files.update(KEY, Change(set={"a": 1}), when=never)
    with pytest.raises(Conflict):
        files.delete(KEY, when=never)


def test_a_put_whose_condition_holds_is_written(files: Files) -> None:
    """The condition is looked at in the store, at the moment of the write."""
    files.put(KEY | {"size": 1}, when=Attr("file_id").not_exists())
    files.put(KEY | {"size": 2}, when=Attr("size").eq(1) & Attr("file_id").exists())
    assert (files.get(KEY) or {})["size"] == 2


def test_an_update_sets_gives_defaults_counts_and_removes_at_once(files: Files) -> None:
    """All four happen in one write, which returns the item as it is then."""
    files.put(KEY | {"kept": "old", "gone": 1, "count": 5})
    change = Change(
        set={"name": "new"},
        default={"kept": "new", "made": "now"},
        add={"count": 2, "first": 1},
        remove=["gone", "never-there"],
    )
    after = files.update(KEY, change)
    assert after == files.get(KEY)
    after.pop("writeMark")
    assert after == KEY | {"kept": "old", "made": "now", "name": "new", "count": 7, "first": 1}


def test_an_update_reaches_into_a_map(logs: Logs) -> None:
    """A name with a dot means an attribute inside a map, and its neighbours stay."""
    key = {"userId": "u", "timestamp": "t"}
    logs.put(key | {"metadata": {"a": 1, "hits": 1, "deep": {"x": 1}}})
    logs.update(key, Change(set={"metadata.a": 2, "metadata.deep.y": 3}, add={"metadata.hits": 1}))
    logs.update(key, Change(remove=["metadata.deep.x"]))
    found = logs.get(key) or {}
    assert found["metadata"] == {"a": 2, "hits": 2, "deep": {"y": 3}}


def test_names_may_be_reserved_words_or_hold_signs(files: Files) -> None:
    """Any attribute name works: words that DynamoDB keeps for itself, dashes, colons."""
    names = ["size", "name", "status", "ttl", "x-amz", "a:b", "#u0", "2nd"]
    files.put(KEY)
    files.update(KEY, Change(set={name: name for name in names[:6]}, add={names[7]: 1}, default={names[6]: 1}))
    files.update(KEY, Change(remove=names[4:5]), when=Attr("size").eq("size") & Attr("status").exists())
    found = files.get(KEY) or {}
    assert {name for name in names if name in found} == {*names} - {"x-amz"}


def test_an_update_makes_the_item_where_there_is_none(files: Files) -> None:
    """A first count makes its item."""
    assert files.update(KEY, Change(add={"hits": 1}))["hits"] == 1
    assert files.update(KEY, Change(add={"hits": 1}))["hits"] == 2


def test_an_update_whose_condition_does_not_hold_changes_nothing(files: Files) -> None:
    """The named error tells of the old item, and the item stays as it was."""
    files.put(KEY | {"size": 1})
    with pytest.raises(Outdated, match="1"):
        files.update(KEY, Change(set={"size": 9}), when=Attr("size").eq(2), otherwise=outdated)
    assert files.get(KEY) == KEY | {"size": 1}


def test_a_conditional_update_marks_the_item_anew_each_time(files: Files) -> None:
    """No two writes have the same mark; that is how one knows itself again."""
    files.put(KEY, when=Attr("file_id").not_exists())
    marks = {(files.get(KEY) or {})["writeMark"]}
    marks |= {files.update(KEY, Change(), when=Attr("file_id").exists())["writeMark"] for _ in range(3)}
    assert len(marks) == 4


def test_a_put_or_set_without_a_condition_leaves_no_mark(files: Files) -> None:
    """What may be repeated without harm needs none."""
    files.put(KEY)
    assert files.update(KEY, Change(set={"a": 1})) == KEY | {"a": 1}


def test_a_delete_returns_what_was_there(files: Files) -> None:
    """The item, or None where there was none."""
    files.put(KEY | {"size": 1})
    assert files.delete(KEY) == KEY | {"size": 1}
    assert files.delete(KEY) is None


def test_a_delete_whose_condition_does_not_hold_deletes_nothing(files: Files) -> None:
    """The named error tells of the item, which stays; where there is none it tells of none."""
    files.put(KEY | {"size": 1})
    with pytest.raises(Outdated, match="1"):
        files.delete(KEY, when=Attr("size").eq(2), otherwise=outdated)
    assert files.delete(KEY, when=Attr("size").eq(1), otherwise=outdated) == KEY | {"size": 1}
    with pytest.raises(Outdated, match="None"):
        files.delete(KEY, when=Attr("size").eq(1), otherwise=outdated)


def test_a_write_that_the_declaration_does_not_permit_never_leaves(events: Events) -> None:
    """Audit events are put and read; nobody changes or deletes one, in a transaction neither."""
    key = {"subject": "s", "at": "2026"}
    events.put(key)
    with pytest.raises(UndeclaredOperation, match="UpdateItem is not declared for audit_events"):
        events.update(key, Change(set={"a": 1}))
    with pytest.raises(UndeclaredOperation):
        events.delete(key)
    with pytest.raises(UndeclaredOperation):
        events.updating(key, Change(set={"a": 1}))
    with pytest.raises(UndeclaredOperation):
        events.deleting(key)
    with pytest.raises(UndeclaredOperation):
        events.checking(key, when=Attr("at").exists())
    assert events.get(key) == key


def test_a_request_that_dynamodb_calls_wrong_is_a_defect_of_ours(files: Files) -> None:
    """A key with a missing part, or of a wrong type, is no outage and no conflict."""
    with pytest.raises(StoreRefused, match="ValidationException"):
        files.get({"other": "f1"})
    with pytest.raises(StoreRefused, match="ValidationException"):
        files.put({"file_id": 1})


def test_a_change_inside_a_map_that_is_not_there_is_a_defect_of_ours(logs: Logs) -> None:
    """DynamoDB makes attributes, not the maps around them."""
    key = {"userId": "u", "timestamp": "t"}
    logs.put(key)
    with pytest.raises(StoreRefused, match="ValidationException"):
        logs.update(key, Change(set={"metadata.a": 1}))
