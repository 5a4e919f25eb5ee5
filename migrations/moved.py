"""What says that rows were moved: an item that is written in the very transaction that moves them.

So there is no moment at which the rows are there and the mark is not, whoever is killed; and what was moved once is
never moved again, though somebody has deleted it since.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from migrations.columns import Columns, KeyValue
from migrations.ranges import Range, Ranges
from panzoto.models.spec import AUTH_STATE
from panzoto.models.store.expressions import Attr, Change, Key
from panzoto.models.store.transaction import Member
from panzoto.models.store.wire import Item
from panzoto.models.table import Table

WRITTEN, KEPT, REJECTED = "written", "kept", "rejected"
OUTCOMES = (WRITTEN, KEPT, REJECTED)
RUN = "RUN"


@dataclass
class Progress:
    """What of one table has been moved: which keys, and how many rows came to what.

    `first_at` is when the first run looked at the old database. After a run that `ended`, on whatever machine, rows
    outside the ranges may have been here by a pass of `--since`, which leaves no marks.
    """

    ranges: Ranges
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(OUTCOMES, 0))
    first_at: datetime | None = None
    ended: bool = False


class Moved(Table):
    """`MIGRATION#<database>#<table>`: one item for each transaction, by the key after which its rows begin.

    One more, `RUN`, says when the first run began, and whether one has come to its end.
    """

    spec = AUTH_STATE

    def marking(self, source: str, label: str, reach: Range, counts: Mapping[str, int]) -> Member:
        """That the rows of a range are moved, as a member of the transaction that moves them."""
        after, upto = reach
        item: Item = {
            "PK": _partition(source, label),
            # where a range begins is where the one before it ends, whoever goes on there
            "SK": "first" if after is None else sha256(str(after).encode("utf-8", "surrogatepass")).hexdigest(),
            "upto": str(upto),
            **({} if after is None else {"after": str(after)}),
            **counts,
        }
        return self.putting(item, when=Attr("PK").not_exists())

    def begin(self, source: str, columns: Columns, at: datetime) -> Progress:
        """A run begins: what has been moved of a table. The first one's time is kept."""
        found = self.of(source, columns)
        if found.first_at is None:
            change = Change(default={"first_at": at.isoformat(), "ended": False})
            found.first_at = datetime.fromisoformat(self.update(_run(source, columns), change)["first_at"])
        return found

    def end(self, source: str, columns: Columns) -> None:
        """A run has moved all of a table that it saw."""
        self.update(_run(source, columns), Change(set={"ended": True}))

    def of(self, source: str, columns: Columns) -> Progress:
        """What has been moved of a table."""
        counts = dict.fromkeys(OUTCOMES, 0)
        pairs: list[Range] = []
        run: Item = {}
        for item in self.query_all(Key("PK").eq(_partition(source, columns.table.label))):
            if item["SK"] == RUN:
                run = item
                continue
            pairs.append((_maybe_key(columns, item.get("after")), columns.key_of(item["upto"])))
            for name in OUTCOMES:
                counts[name] += int(item[name])
        first = datetime.fromisoformat(run["first_at"]) if run else None
        return Progress(Ranges.of(pairs), counts, first, bool(run.get("ended")))


def _run(source: str, columns: Columns) -> dict[str, str]:
    return {"PK": _partition(source, columns.table.label), "SK": RUN}


def _partition(source: str, label: str) -> str:
    return f"MIGRATION#{source}#{label}"


def _maybe_key(columns: Columns, text: Any) -> KeyValue | None:
    return None if text is None else columns.key_of(text)
