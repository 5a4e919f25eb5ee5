"""CPU of one call of DynamoDB: an item of 16 attributes, and a query of 25, from an endpoint that knows its answers.

The floor is one signed POST by urllib3, read by orjson. Ours is the gateway with all that it does: deadline, retries,
honest errors, a count of units; and then the whole table, with an item as Python has it. boto3's client is as it is
by default. The goals of the gateway are 2.8 times the floor for an item and 2.3 times for a query. Peers run in a
process each.
"""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from typing import Any

import orjson

from benchmarks.bench_wire import ITEM
from benchmarks.canned import Rule, answering
from benchmarks.floor import Floor
from benchmarks.measuring import Act, Measured, Turn, compare_turns, timed
from benchmarks.peers_beside import beside, versions
from panzoto.deps import Deps, build
from panzoto.models.store.expressions import Key, selection
from panzoto.models.store.wire import encode_item
from tests.support.configs import configured

VERSIONS_OF = ("boto3", "urllib3", "orjson")
ROUNDS = 21
PERSON, OWNER = str(ITEM["user_id"]), "user-1"
RECORDINGS = [
    {
        "file_id": f"aud_{number:032x}",
        "user_id": OWNER,
        "s3_key": f"users/{OWNER}/{number:032x}.3gp",
        "file_size": 1_234_567 + number,
        "uploaded_at": 1_760_000_000 + number,
        "uploaded_at_iso": "2025-10-09T08:53:20.000000+00:00",
        "filename": f"recording-{number}.3gp",
        "content_type": "audio/3gpp",
        "audio_key_version": 1,
        "owns_object": True,
    }
    for number in range(25)
]


def answer(content: dict[str, object], units: float = 1.0) -> bytes:
    """An answer as DynamoDB gives it; bytes go as base64."""
    consumed = {"TableName": "panzoto-users", "CapacityUnits": units}
    return orjson.dumps({**content, "ConsumedCapacity": consumed}, default=_text)


def _text(value: object) -> str:
    return b64encode(value).decode() if isinstance(value, bytes) else str(value)


RULES: list[Rule] = [
    ((b".GetItem",), answer({"Item": encode_item(ITEM)})),
    ((b".Query",), answer({"Items": [encode_item(each) for each in RECORDINGS], "Count": 25, "ScannedCount": 25})),
]
GET = {"TableName": "panzoto-users", "Key": {"user_id": {"S": PERSON}}, "ConsistentRead": True}
QUERY = {
    "TableName": "panzoto-audio-files",
    "IndexName": "user-files-index",
    **selection(Key("user_id").eq(OWNER)),
    "ScanIndexForward": False,
    "Limit": 26,
}


def run() -> list[Measured]:
    """Each contender, for an item and for a query."""
    with ExitStack() as stack:
        address = stack.enter_context(answering(RULES))
        floor, deps = Floor(address), build(configured("111111111111", address))
        peers = {
            kind: stack.enter_context(beside("dynamo.py", address, kind)) for kind in ("client", "resource", "pynamodb")
        }
        return [
            *_compared(
                "GetItem", floor, deps, ("GetItem", GET), _person(deps), {k: v["get"] for k, v in peers.items()}
            ),
            *_compared(
                "Query 25", floor, deps, ("Query", QUERY), _list(deps), {k: v["query"] for k, v in peers.items()}
            ),
        ]


def notes() -> list[str]:
    """What the peers are."""
    return [f"The peers: {', '.join(versions('boto3', 'pynamodb'))}."]


def _person(deps: Deps) -> Act:
    return lambda: deps.users.get({"user_id": PERSON})


def _list(deps: Deps) -> Act:
    return lambda: deps.audio_files.query(
        Key("user_id").eq(OWNER), index="user-files-index", newest_first=True, limit=25
    )


def _compared(
    what: str, floor: Floor, deps: Deps, call: tuple[str, dict[str, Any]], as_items: Act, peers: Mapping[str, Turn]
) -> list[Measured]:
    ours = {
        "floor": timed(partial(floor.call, *call), time.process_time),
        "our gateway": timed(partial(deps.gateway.call, *call), time.process_time),
        "our table, as Python": timed(as_items, time.process_time),
    }
    theirs = {
        "boto3 client": peers["client"],
        "boto3 resource, as Python": peers["resource"],
        "PynamoDB, as Python": peers["pynamodb"],
    }
    return compare_turns({f"{what}, {name}": turn for name, turn in {**ours, **theirs}.items()}, ROUNDS)
