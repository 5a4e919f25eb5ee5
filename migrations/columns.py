"""One table of the old database: its columns and their types, and the order in which its rows come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from psycopg.sql import SQL, Composable, Identifier, Literal

from migrations.faults import Stopped
from migrations.mapping import TableMapping

# The numbers that keys may be, and what is too large for each.
WHOLE = {"int2": 2**15, "int4": 2**31, "int8": 2**63}
DIGITS = 20
NATURAL = frozenset({*WHOLE, "uuid"})
SECONDS = frozenset({*WHOLE, "float4", "float8", "numeric"})
# Encodings whose bytes are in the order of the characters that they stand for.
ORDERED = frozenset({"UTF8", "SQL_ASCII", "LATIN1"})

# What rows are in the order of: a number, or text.
KeyValue = int | str


@dataclass(frozen=True)
class Columns:
    """One table as the database has it. `others` are columns that nobody asks for."""

    table: TableMapping
    types: Mapping[str, str]
    others: tuple[str, ...]
    encoding: str
    zone: ZoneInfo
    whole_name: str = ""

    @property
    def kind(self) -> str:
        """The type of the key."""
        return self.types[self.table.ours[0]]

    @property
    def bytewise(self) -> bool:
        """Whether keys are ordered by their bytes in UTF-8, those of the database being in another order."""
        return self.kind not in NATURAL and self.encoding not in ORDERED

    def key_of(self, text: str) -> KeyValue:
        """A key as it is compared: in the order in which the database gives the rows."""
        return int(text) if self.kind in WHOLE else text

    def as_kept(self, time: datetime) -> object:
        """A time as the column of times keeps it."""
        kind = self.types[self.table.ours[-1]]
        if kind in {"timestamp", "date"}:
            try:
                local = _earliest_from(time, self.zone)
            except OverflowError:
                raise Stopped("--since must be a time from the year 2 to 9998.") from None
            return local.date() if kind == "date" else local
        if kind in SECONDS:
            return time.timestamp()
        if kind == "timestamptz":
            return time
        raise Stopped(f"--since needs times: {self.table.name}.{self.table.time} is {kind}.")

    @property
    def order(self) -> Composable:
        """What rows are ordered by; the same in every collation and encoding."""
        # With the table's name before it: by itself it would be the column of the answer, which is text.
        key = Identifier(*self.table.name.split("."), self.table.key)
        if self.kind in NATURAL:
            return key
        return SQL("convert_to({}::text, 'UTF8')" if self.bytewise else '{}::text COLLATE "C"').format(key)

    @property
    def rows(self) -> Composable:
        """Our columns of a row; keys as text, so that each kind of them is read the same way."""
        return SQL(", ").join(SQL("{}{}").format(Identifier(self.table.columns[name]), _cast(name))
                              for name in self.table.ours)  # fmt: skip

    @property
    def place(self) -> Composable:
        """The table's name, with its schema if it was given."""
        return Identifier(*self.table.name.split("."))

    def can_be(self, text: str) -> bool:
        """Whether text can be a key of the table: any other would be a fault of the query."""
        if self.kind in WHOLE:
            whole = text.removeprefix("-")
            return whole.isdecimal() and whole.isascii() and len(whole) < DIGITS and abs(int(whole)) < WHOLE[self.kind]
        try:
            return self.kind != "uuid" or bool(UUID(text))
        except ValueError:
            return False

    def where(self, since: datetime | None, after: KeyValue | None = None) -> Composable:
        """The rows after a key, or without one, and made since a time."""
        wanted: list[Composable] = []
        if after is not None:
            value = SQL("convert_to({}, 'UTF8')" if self.bytewise else "{}").format(Literal(after))
            wanted.append(SQL("({} > {} OR {} IS NULL)").format(self.order, value, Identifier(self.table.key)))
        if since is not None:
            wanted.append(SQL("{} >= {}").format(Identifier(self.table.time), Literal(self.as_kept(since))))
        return SQL(" WHERE {}").format(SQL(" AND ").join(wanted)) if wanted else SQL("")


def _earliest_from(time: datetime, zone: ZoneInfo) -> datetime:
    """The earliest that a clock of that zone shows from a time on: where it goes back soon, it shows an hour again."""
    here, soon = time.astimezone(zone), (time + timedelta(days=1)).astimezone(zone)
    back = (here.utcoffset() or timedelta()) - (soon.utcoffset() or timedelta())
    # nosemgrep: times-have-a-zone (a column without a zone holds what its clock showed)
    return here.replace(tzinfo=None) - max(back, timedelta())


def _cast(name: str) -> SQL:
    return SQL("::text") if name in {"user_id", "file_id", "s3_key", "email"} else SQL("")
