"""What a table can do. A model is a `Table` with verbs of its own.

`when=… otherwise=…` is the idiom: a write happens under a condition, and a lost race raises the domain error that
`otherwise` names. It may be a class, or a function of the item that was there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar

import orjson

from panzoto.errors import Conflict, UndeclaredOperation

from .spec import TableSpec
from .store import batches, marks
from .store.batches import Write
from .store.expressions import Change, Condition, Fixed, condition
from .store.gateway import ConditionFailed, Gateway
from .store.pages import Listing, Page
from .store.transaction import Member
from .store.wire import Item, decode_item, encode_item

PAGE = 200

Lost = type[Exception] | Callable[[Item | None], Exception]


def lost(otherwise: Lost, item: Item | None) -> Exception:
    """The error that a lost race raises."""
    return otherwise() if isinstance(otherwise, type) else otherwise(item)


class Table:
    """One table: the only way to it, and no further than its declaration permits."""

    spec: ClassVar[TableSpec]

    def __init__(self, gateway: Gateway, name: str) -> None:
        self._gateway = gateway
        self.name = name

    # ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────
    def get(self, key: Mapping[str, Any]) -> Item | None:
        """The item of that key, read consistently; None if there is none, or can be none."""
        if not self.spec.can_hold(key):
            return None
        response = self._call("GetItem", Key=encode_item(key), ConsistentRead=True)
        return decode_item(response["Item"]) if "Item" in response else None

    def get_many(self, keys: Iterable[Mapping[str, Any]]) -> list[Item]:
        """The items of those keys that exist, in the order of the keys."""
        self._permit("BatchGetItem")
        wanted = {_fingerprint(key): encode_item(key) for key in keys if self.spec.can_hold(key)}
        found: dict[bytes, Item] = {}
        for wire in batches.read(self._gateway, self.name, list(wanted.values())):
            item = decode_item(wire)
            found[_fingerprint({key.name: item[key.name] for key in self.spec.keys})] = item
        return [found[each] for each in wanted if each in found]

    def query(
        self,
        where: Condition,
        *,
        index: str | None = None,
        newest_first: bool = False,
        limit: int = 50,
        cursor: str | None = None,
        only: Condition | None = None,
    ) -> Page:
        """A page of the items that `where` names, and that `only` keeps."""
        listing = Listing(where=where, index=index, newest_first=newest_first, only=only)
        return listing.page(
            self.spec,
            self._gateway.cursors,
            lambda request: self._call("Query", **request),
            limit=limit,
            cursor=cursor,
        )

    def query_all(self, where: Condition, *, index: str | None = None, newest_first: bool = False) -> Iterator[Item]:
        """Every item that `where` names, page by page."""
        cursor = None
        while True:
            page = self.query(where, index=index, newest_first=newest_first, limit=PAGE, cursor=cursor)
            yield from page.items
            if (cursor := page.cursor) is None:
                return

    def scan(self, *, only: Condition | None = None, page: int = 500) -> Iterator[Item]:
        """Every item there is, page by page. For operators' commands alone."""
        request = condition("FilterExpression", only)
        position: dict[str, Any] | None = {}
        while position is not None:
            start = {"ExclusiveStartKey": position} if position else {}
            response = self._call("Scan", **request, **start, Limit=page, ConsistentRead=True)
            yield from (decode_item(wire) for wire in response["Items"])
            position = response.get("LastEvaluatedKey")

    # ── writing ─────────────────────────────────────────────────────────────────────────────────────────────────
    def put(self, item: Mapping[str, Any], *, when: Condition | None = None, otherwise: Lost = Conflict) -> None:
        """Write an item whole. Under a condition it keeps a mark of this very write."""
        mark = marks.new()
        marked = item if when is None else {**item, **mark}
        try:
            self._call("PutItem", Item=encode_item(marked), **_guarded(when))
        except ConditionFailed as failure:
            if marks.own(failure, mark) is None:
                raise lost(otherwise, failure.item) from None

    def update(
        self,
        key: Mapping[str, Any],
        change: Change,
        *,
        when: Condition | None = None,
        otherwise: Lost = Conflict,
    ) -> Item:
        """Change an item, and return it as it is then.

        Under a condition, or when it counts, the item keeps a mark of this very write: an attempt whose answer was lost
        is not repeated on top of itself, unless somebody else has written in between. A count is then one too many.
        """
        mark = marks.new()
        if when is not None or change.add:
            change = replace(change, set={**change.set, **mark})
            when = marks.not_yet(mark, when)
        request = change.request(when) | ({} if when is None else _OLD_ITEM)
        try:
            response = self._call("UpdateItem", Key=encode_item(key), ReturnValues="ALL_NEW", **request)
        except ConditionFailed as failure:
            if (item := marks.own(failure, mark)) is not None:
                return item
            raise lost(otherwise, failure.item) from None
        return decode_item(response["Attributes"])

    def delete(
        self, key: Mapping[str, Any], *, when: Condition | None = None, otherwise: Lost = Conflict
    ) -> Item | None:
        """Delete an item, and return what it was. If its answer was lost, it counts as somebody else's."""
        try:
            response = self._call("DeleteItem", Key=encode_item(key), ReturnValues="ALL_OLD", **_guarded(when))
        except ConditionFailed as failure:
            raise lost(otherwise, failure.item) from None
        return decode_item(response["Attributes"]) if "Attributes" in response else None

    def write_many(self, *, puts: Iterable[Mapping[str, Any]] = (), deletes: Iterable[Mapping[str, Any]] = ()) -> None:
        """Write and delete many items, each for itself and none of them twice; returns when all are done."""
        writes = [self.batched(item) for item in puts]
        writes += [self.batched_delete(key) for key in deletes]
        batches.write(self._gateway, writes)

    def batched(self, item: Mapping[str, Any]) -> Write:
        """A put without conditions, as one of several writes that are made together but each for itself."""
        self._permit("BatchWriteItem")
        return Write(self.name, {"PutRequest": {"Item": encode_item(item)}})

    def batched_delete(self, key: Mapping[str, Any]) -> Write:
        """A delete without conditions, likewise."""
        self._permit("BatchWriteItem")
        return Write(self.name, {"DeleteRequest": {"Key": encode_item(key)}})

    # ── members of a transaction ────────────────────────────────────────────────────────────────────────────────
    def putting(
        self, item: Mapping[str, Any], *, when: Condition | Fixed | None = None, otherwise: Lost | None = None
    ) -> Member:
        """A put, as a member of a transaction."""
        return self._member("Put", "PutItem", otherwise, {"Item": encode_item(item), **_guarded(when)})

    def updating(
        self,
        key: Mapping[str, Any],
        change: Change,
        *,
        when: Condition | None = None,
        otherwise: Lost | None = None,
    ) -> Member:
        """An update, as a member of a transaction."""
        request = {"Key": encode_item(key), **change.request(when), **({} if when is None else _OLD_ITEM)}
        return self._member("Update", "UpdateItem", otherwise, request)

    def deleting(
        self, key: Mapping[str, Any], *, when: Condition | None = None, otherwise: Lost | None = None
    ) -> Member:
        """A delete, as a member of a transaction."""
        return self._member("Delete", "DeleteItem", otherwise, {"Key": encode_item(key), **_guarded(when)})

    def checking(self, key: Mapping[str, Any], *, when: Condition | Fixed, otherwise: Lost | None = None) -> Member:
        """A condition on an item that the transaction does not write."""
        request = {"Key": encode_item(key), **_guarded(when)}
        return self._member("ConditionCheck", "ConditionCheckItem", otherwise, request)

    # ── the way to the gateway ──────────────────────────────────────────────────────────────────────────────────
    def _call(self, operation: str, **request: Any) -> dict[str, Any]:
        self._permit(operation)
        return self._gateway.call(operation, {"TableName": self.name, **request})

    def _member(self, kind: str, operation: str, otherwise: Lost | None, request: dict[str, Any]) -> Member:
        self._permit(operation)
        error = None if otherwise is None else lambda item: lost(otherwise, item)
        return Member(kind, f"{kind} {self.spec.label}", {"TableName": self.name, **request}, error)

    def _permit(self, operation: str) -> None:
        allowed = operation in self.spec.operations
        if not allowed and not (self._gateway.operator and operation in self.spec.operator_operations):
            raise UndeclaredOperation(f"{operation} is not declared for {self.spec.label}")


_OLD_ITEM = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}


def _guarded(when: Condition | Fixed | None) -> dict[str, Any]:
    if when is None:
        return {}
    return {**(when.parameters if isinstance(when, Fixed) else condition("ConditionExpression", when)), **_OLD_ITEM}


def _fingerprint(key: Mapping[str, Any]) -> bytes:
    return orjson.dumps(encode_item(key), default=bytes.hex, option=orjson.OPT_SORT_KEYS)
