"""The old database: read in one read-only snapshot, in the order of its keys, never more than a page in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, LiteralString

import psycopg
from psycopg.sql import SQL, Composed, Identifier

from migrations.columns import NATURAL, Columns, KeyValue
from migrations.connecting import Connection, connected, told
from migrations.faults import Stopped
from migrations.mapping import Names, TableMapping
from migrations.rows import Row

PAGE = 2000


class Source:
    """A read-only snapshot of the old database, for as long as the block of `opened` lasts."""

    def __init__(self, connection: Connection, names: Names) -> None:
        self._connection = connection
        self._zone = names.zone
        self.encoding = self._one("SHOW server_encoding")
        self.at: datetime = self._one("SELECT now()")
        self.users = self._columns(names.users)
        self.audio_files = self._columns(names.audio_files)

    def __getitem__(self, label: str) -> Columns:
        return self.users if label == self.users.table.label else self.audio_files

    def place(self, label: str) -> str:
        """Which table of which database it is, whatever path the name was found on."""
        return f"{self.identity}/{self[label].whole_name}"

    @property
    def identity(self) -> str:
        """Which database it is, by whatever way it is reached: its cluster's own number where we may ask for it."""
        try:
            with self._connection.transaction():
                cluster = self._one("SELECT system_identifier FROM pg_control_system()")
        except psycopg.Error:
            cluster = f"{self._connection.info.host}:{self._connection.info.port}"
        return f"{cluster}/{self._connection.info.dbname}"

    def count(self, columns: Columns, since: datetime | None = None) -> int:
        """How many rows there are."""
        query = SQL("SELECT count(*) FROM {}{}").format(columns.place, columns.where(since))
        return int(self._one(query))

    @contextmanager
    def rows(
        self, columns: Columns, *, after: KeyValue | None = None, since: datetime | None = None
    ) -> Iterator[Iterator[Row]]:
        """The rows in the order of their keys, as long as the block lasts; those without a key come last."""
        query = SQL("SELECT {} FROM {}{} ORDER BY {} NULLS LAST").format(
            columns.rows, columns.place, columns.where(since, after), columns.order
        )
        with self._connection.cursor(name=f"panzoto_{columns.table.label}") as cursor:
            cursor.itersize = PAGE
            cursor.execute(query)
            yield cursor

    def missing(self, columns: Columns, ids: list[str]) -> set[str]:
        """Which of those ids no row has."""
        asked = [each for each in ids if columns.can_be(each)]
        natural = columns.kind in NATURAL
        query = SQL("SELECT {key}::text FROM {place} WHERE {key}{text} = ANY(%s::text[]::{kind}[])").format(
            key=Identifier(columns.table.key),
            place=columns.place,
            text=SQL("" if natural else "::text"),
            kind=Identifier(columns.kind if natural else "text"),
        )
        found = self._connection.execute(query, (asked,)).fetchall() if asked else []
        return set(ids) - {each[0] for each in found}

    def ask(self, query: Composed) -> list[tuple[Any, ...]]:
        """The answer to a question of the plan's."""
        return self._connection.execute(query).fetchall()

    def _columns(self, table: TableMapping) -> Columns:
        found = self._connection.execute(
            "SELECT a.attname, t.typname, c.relnamespace::regnamespace::text || '.' || c.relname"
            " FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_class c ON c.oid = a.attrelid"
            " WHERE a.attrelid = to_regclass(%s) AND a.attnum > 0 AND NOT a.attisdropped",
            (Identifier(*table.name.split(".")).as_string(self._connection),),
        ).fetchall()
        if not found:
            raise Stopped(f"There is no table {table.name} in the old database; the mapping file can name another.")
        types: dict[str, str] = {name: kind for name, kind, _ in found}
        if lacking := [column for column in table.columns.values() if column not in types]:
            raise Stopped(
                f"The table {table.name} has no column {', '.join(lacking)}; the mapping file can name others."
            )
        others = tuple(name for name in types if name not in table.columns.values())
        ours = {name: types[column] for name, column in table.columns.items()}
        return Columns(table, ours, others, self.encoding, self._zone, found[0][2])

    def _one(self, query: LiteralString | Composed) -> Any:
        row = self._connection.execute(query).fetchone()
        assert row is not None  # noqa: S101 (each of these queries has one row)
        return row[0]


@contextmanager
def opened(dsn: str, names: Names) -> Iterator[Source]:
    """One snapshot, of one transaction that may not write."""
    with connected(dsn) as connection, told():
        yield Source(connection, names)
