"""What calls consume, as the ledger counts it from the answers. MiniStack bills as DynamoDB does, moto does not.

MiniStack bills a read as if what was read were small, and says nothing of what a batch of reads consumed: of that only
the round trips are counted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from panzoto.deps import Deps
from panzoto.errors import Conflict
from panzoto.models.store import ledger
from panzoto.models.store.expressions import Attr, Change, Key
from panzoto.models.store.transaction import transact

from .conftest import Files, Logs

pytestmark = pytest.mark.parametrize("deps", ["ministack"], indirect=True)

KEY = {"file_id": "f"}
LOG = {"userId": "u", "timestamp": "t"}
RECORD = KEY | {"s3_key": "k", "user_id": "u", "uploaded_at": 1}
CALLS: dict[str, tuple[Callable[[Files, Logs, Deps], Any], tuple[float, float, int]]] = {
    "get": (lambda files, _, __: files.get(KEY), (1, 0, 1)),
    "put": (lambda files, _, __: files.put(KEY), (0, 1, 1)),
    "put of 3.5 KB": (lambda files, _, __: files.put(KEY | {"x": "x" * 3500}), (0, 4, 1)),
    "put into two indexes": (lambda files, _, __: files.put(RECORD), (0, 3, 1)),
    "put under a condition": (lambda files, _, __: files.put(KEY, when=Attr("a").not_exists()), (0, 1, 1)),
    "update": (lambda files, _, __: files.update(KEY, Change(set={"a": 1})), (0, 1, 1)),
    "update that counts": (lambda files, _, __: files.update(KEY, Change(add={"a": 1})), (0, 1, 1)),
    "delete": (lambda files, _, __: files.delete(KEY), (0, 1, 1)),
    "query": (lambda _, logs, __: logs.query(Key("userId").eq("u")), (1, 0, 1)),
    "query of an index": (lambda _, logs, __: logs.query(Key("flowId").eq("x"), index="flow-index"), (0.5, 0, 1)),
    "transaction": (lambda f, logs, deps: transact(deps.gateway, f.putting(KEY), logs.putting(LOG)), (0, 4, 1)),
    "30 writes": (lambda files, _, __: files.write_many(puts=[{"file_id": f"f{n}"} for n in range(30)]), (0, 30, 2)),
    "130 reads": (lambda files, _, __: files.get_many([{"file_id": f"f{n}"} for n in range(130)]), (0, 0, 2)),
}


@pytest.mark.parametrize(("call", "consumed"), CALLS.values(), ids=CALLS.keys())
def test_a_call_consumes(
    deps: Deps, files: Files, logs: Logs, call: Callable[..., Any], consumed: tuple[float, float, int]
) -> None:
    """The read units, write units and round trips of each kind of call."""
    with ledger.keep("test") as entry:
        call(files, logs, deps)
    assert (entry.reads, entry.writes, entry.trips) == consumed


def test_units_are_counted_for_each_table(deps: Deps, files: Files, logs: Logs) -> None:
    """A flow's ledger tells which table cost what, and adds up its calls."""
    with ledger.keep("test") as entry:
        files.get(KEY)
        transact(deps.gateway, files.putting(RECORD), logs.putting(LOG))
        files.get(KEY)
    assert entry.units == {
        (files.name, "read"): 2,
        (files.name, "write"): 4,
        (logs.name, "write"): 2,
    }
    assert (entry.reads, entry.writes, entry.trips) == (2, 6, 3)


def test_a_lost_race_is_a_round_trip(deps: Deps, files: Files) -> None:
    """DynamoDB bills it, but its answer does not say how much."""
    files.put(KEY)
    with ledger.keep("test") as entry, pytest.raises(Conflict):
        files.put(KEY, when=Attr("file_id").not_exists())
    assert entry.trips == 1


def test_a_list_of_fifty_is_one_round_trip(deps: Deps, logs: Logs) -> None:
    """The page knows that it is not the last without asking again."""
    logs.write_many(puts=[{"userId": "u", "timestamp": f"{n:03}", "flowId": "x"} for n in range(120)])
    with ledger.keep("test") as entry:
        page = logs.query(Key("userId").eq("u"), limit=50)
        logs.query(Key("userId").eq("u"), limit=70, cursor=page.cursor)
    assert entry.trips == 2
