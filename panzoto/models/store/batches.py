"""Calls for many items at once, repeated until nothing of them is left unprocessed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from panzoto.errors import StoreBusy

from .gateway import RETRY_AFTER, Gateway
from .wire import Wire

READ_AT_ONCE = 100
WRITTEN_AT_ONCE = 25


class Write(NamedTuple):
    """One put or delete of a batch."""

    table: str
    request: Wire


def read(gateway: Gateway, table: str, keys: list[Wire]) -> Iterator[Wire]:
    """The items of those keys that exist, read consistently, in no order."""
    waiting, patience = keys, _Patience(gateway)
    while waiting:
        asked, waiting = waiting[:READ_AT_ONCE], waiting[READ_AT_ONCE:]
        answer = gateway.call("BatchGetItem", {"RequestItems": {table: {"Keys": asked, "ConsistentRead": True}}})
        yield from answer["Responses"].get(table, [])
        left = answer.get("UnprocessedKeys", {}).get(table, {}).get("Keys", [])
        patience.after(asked, left)
        waiting = left + waiting


def write(gateway: Gateway, writes: list[Write]) -> None:
    """Do every put and delete, of whatever tables, each for itself."""
    waiting, patience = writes, _Patience(gateway)
    while waiting:
        asked, waiting = waiting[:WRITTEN_AT_ONCE], waiting[WRITTEN_AT_ONCE:]
        by_table: dict[str, list[Wire]] = {}
        for each in asked:
            by_table.setdefault(each.table, []).append(each.request)
        answer = gateway.call("BatchWriteItem", {"RequestItems": by_table})
        unprocessed = answer.get("UnprocessedItems", {})
        left = [Write(table, request) for table, requests in unprocessed.items() for request in requests]
        patience.after(asked, left)
        waiting = left + waiting


class _Patience:
    """Waits while something is left; gives up when nothing moves any more, or when the request's time is over."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._ends = gateway.ends()
        self._idle = 0

    def after(self, asked: list[Any], left: list[Any]) -> None:
        """Wait before what is left is asked for again."""
        if len(left) < len(asked):  # it moves: outside a request, whose time is one, the deadline starts anew
            self._idle, self._ends = 0, self._gateway.ends()
        if left:
            self._gateway.pause(self._idle, self._ends, StoreBusy(retry_after=RETRY_AFTER))
            self._idle += 1
