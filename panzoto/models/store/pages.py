"""Pages of a list, and the cursors that go on after them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from panzoto.crypto.cursors import Cursors
from panzoto.models.spec import TableSpec

from .expressions import Condition, selection
from .wire import Item, Wire, decode_item


@dataclass(frozen=True)
class Page:
    """Some items of a list, and the cursor that goes on after them; None at the end."""

    items: list[Item]
    cursor: str | None


@dataclass(frozen=True, kw_only=True)
class Listing:
    """A list: the items that `where` names, in a direction, and which of them are kept."""

    where: Condition
    index: str | None
    newest_first: bool
    only: Condition | None

    def request(self, spec: TableSpec) -> dict[str, Any]:
        """The parameters of the query. Consistent on the table itself; an index never is."""
        found_by = {"IndexName": spec.index(self.index).name} if self.index else {"ConsistentRead": True}
        return {**selection(self.where, self.only), **found_by, "ScanIndexForward": not self.newest_first}

    def page(
        self,
        spec: TableSpec,
        cursors: Cursors,
        ask: Callable[[Mapping[str, Any]], Mapping[str, Any]],
        *,
        limit: int,
        cursor: str | None,
    ) -> Page:
        """As many items as `limit`, or fewer at the end. A cursor works in this very list and in no other."""
        request = self.request(spec)
        scope = orjson.dumps([spec.label, request], default=bytes.hex, option=orjson.OPT_SORT_KEYS)
        position = orjson.loads(cursors.open(scope, cursor)) if cursor else None
        wires: list[Wire] = []
        while len(wires) <= limit:  # one more than was asked for tells whether there is more
            start = {"ExclusiveStartKey": position} if position else {}
            answer = ask({**request, **start, "Limit": limit + 1})
            wires += answer["Items"]
            position = answer.get("LastEvaluatedKey")
            if not position:
                break
        items = [decode_item(wire) for wire in wires[:limit]]
        if len(wires) <= limit:
            return Page(items, None)
        last = {name: wires[limit - 1][name] for name in spec.position(self.index)}
        return Page(items, cursors.seal(scope, orjson.dumps(last)))
