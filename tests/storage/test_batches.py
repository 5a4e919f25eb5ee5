"""Batch calls of which the store leaves something undone."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from panzoto.errors import StoreBusy
from panzoto.models.store import ledger
from panzoto.models.store.gateway import ATTEMPTS
from tests.support import border
from tests.support.rigs import DEADLINE, Rig

NAMES = [f"f{n:03}" for n in range(130)]
ITEMS = [{"file_id": name} for name in NAMES]


class Sluggish:
    """A store that does some items of each call, leaves the others, and remembers what it did."""

    def __init__(self, at_once: int) -> None:
        self.at_once = at_once
        self.done: list[str] = []

    def __call__(self, request: Any, send: border.Send) -> Any:
        """Answer a batch call."""
        asked = orjson.loads(request.body)["RequestItems"]["files"]
        writes = asked if isinstance(asked, list) else asked["Keys"]
        now, left = writes[: self.at_once], writes[self.at_once :]
        names = [each.get("PutRequest", {"Item": each})["Item"]["file_id"]["S"] for each in now]
        self.done += names
        if isinstance(asked, list):
            answer: dict[str, Any] = {"UnprocessedItems": {"files": left} if left else {}}
        else:
            rest = {"files": {"Keys": left, "ConsistentRead": True}} if left else {}
            answer = {"Responses": {"files": now}, "UnprocessedKeys": rest}
        return border.says(200, answer)(request, send)


@pytest.fixture
def rig() -> Rig:
    """A gateway whose answers the test writes."""
    return Rig()


@pytest.mark.parametrize("at_once", [1, 7, 24, 25])
def test_writes_that_were_left_are_done_in_the_end(rig: Rig, at_once: int) -> None:
    """Each item is written exactly once, however few the store takes at a time."""
    store = Sluggish(at_once)
    rig.meets(then=store)
    rig.files.write_many(puts=ITEMS)
    assert sorted(store.done) == NAMES
    assert all(len(request["RequestItems"]["files"]) <= 25 for request in rig.border.requests)


@pytest.mark.parametrize("at_once", [1, 60, 99, 100])
def test_keys_that_were_left_are_read_in_the_end(rig: Rig, at_once: int) -> None:
    """Every item is returned, in the order of the keys, and read consistently."""
    store = Sluggish(at_once)
    rig.meets(then=store)
    assert rig.files.get_many(ITEMS[::-1]) == ITEMS[::-1]
    assert sorted(store.done) == NAMES
    asked = [request["RequestItems"]["files"] for request in rig.border.requests]
    assert all(len(each["Keys"]) <= 100 and each["ConsistentRead"] for each in asked)


def test_a_batch_of_which_nothing_moves_is_busy(rig: Rig) -> None:
    """When the store does nothing at all, attempt after attempt, the pauses grow and the client may come back."""
    rig.meets(then=Sluggish(0))
    with pytest.raises(StoreBusy) as raised:
        rig.files.write_many(puts=ITEMS)
    assert raised.value.retry_after
    assert rig.attempts == ATTEMPTS
    rig.meets(then=Sluggish(0))
    with pytest.raises(StoreBusy):
        rig.files.get_many(ITEMS)


def test_a_batch_that_stops_is_given_up_and_one_that_moves_is_not(rig: Rig) -> None:
    """What counts is whether anything was done since: standing still for a while is forgiven."""
    store = Sluggish(1)
    still = [Sluggish(0)] * (ATTEMPTS - 2)
    rig.meets(*still, store, *still, then=store)
    rig.files.write_many(puts=ITEMS[:3])
    assert store.done == NAMES[:3]


def test_a_command_goes_on_for_as_long_as_its_batch_moves(rig: Rig) -> None:
    """Outside a request the deadline is how long nothing may happen, not how long the whole may take."""
    store = Sluggish(1)
    rig.meets(then=rig.takes(1, store))
    began = rig.clock()
    rig.files.write_many(puts=ITEMS[:30])
    assert len(store.done) == 30
    assert rig.clock() - began > DEADLINE


def test_a_request_does_not(rig: Rig) -> None:
    """A request's batch ends with the request's time, moving or not."""
    rig.meets(then=rig.takes(1, Sluggish(1)))
    began = rig.clock()
    with pytest.raises(StoreBusy), ledger.keep("test"):
        rig.files.write_many(puts=ITEMS[:30])
    assert rig.clock() - began <= DEADLINE
