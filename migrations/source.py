"""The old database: read in one read-only snapshot, in the order of its keys, never more than a page in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
from psycopg import sql
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.sql import SQL, Composable, Composed, Identifier

from migrations.faults import Stopped
from migrations.mapping import Names, TableMapping
from migrations.rows import Row

PAGE = 2000
CONNECT_SECONDS = 15
# The numbers that keys may be, and what is too large for each.
WHOLE = {"int2": 2**15, "int4": 2**31, "int8": 2**63}
DIGITS = 20
NATURAL = frozenset({*WHOLE, "uuid"})
SECONDS = frozenset({*WHOLE, "float4", "float8", "numeric"})
TIMES = ("timestamptz", "timestamp", "date")
# Encodings whose bytes are in the order of the characters that they stand for.
ORDERED = frozenset({"UTF8", "SQL_ASCII", "LATIN1"})
SETTINGS = (
    "SET TimeZone = 'UTC'",
    "SET DateStyle = 'ISO, YMD'",
    "SET bytea_output = 'hex'",
    "SET statement_timeout = 0",
    "SET idle_in_transaction_session_timeout = 0",
    "SET lock_timeout = '10s'",
)

Connection = psycopg.Connection[tuple[Any, ...]]
# What rows are in the order of: a number, or text.
KeyValue = int | str


@dataclass(frozen=True)
class Columns:
    """One table as the database has it: the type of each of our columns, and which of its rows come in what order."""

    table: TableMapping
    types: Mapping[str, str]
    others: tuple[str, ...]
    in_order: bool
    zone: ZoneInfo

    @property
    def is_number(self) -> bool:
        """Whether the key is a number."""
        return self.types[self.table.ours[0]] in WHOLE

    def key_of(self, text: str) -> KeyValue:
        """A key as it is compared: in the order in which the database gives the rows."""
        return int(text) if self.is_number else text

    def as_kept(self, time: datetime) -> object:
        """A time as the column of times keeps it."""
        kind = self.types[self.table.ours[-1]]
        if kind in {"timestamp", "date"}:
            return time.astimezone(self.zone).replace(tzinfo=None)
        if kind in SECONDS:
            return time.timestamp()
        if kind == "timestamptz":
            return time
        raise Stopped(f"--since needs times: {self.table.name}.{self.table.time} is {kind}.")

    @property
    def order(self) -> Composable:
        """What rows are ordered by; the same in every collation and encoding."""
        key = Identifier(self.table.key)
        if self.types[self.table.ours[0]] in NATURAL:
            return key
        as_text = SQL("{}::text").format(key)
        return SQL('{} COLLATE "C"' if self.in_order else "convert_to({}, 'UTF8')").format(as_text)

    @property
    def rows(self) -> Composable:
        """Our columns of a row; keys as text, so that each kind of them is read the same way."""
        return SQL(", ").join(SQL("{}{}").format(Identifier(self.table.columns[name]), _cast(name))
                              for name in self.table.ours)  # fmt: skip

    @property
    def place(self) -> Composable:
        """The table's name, with its schema if it was given."""
        return Identifier(*self.table.name.split("."))


def _cast(name: str) -> SQL:
    return SQL("::text") if name in {"user_id", "file_id", "s3_key", "email"} else SQL("")


class _Time(Loader):
    """A time as Python has it; one that Python cannot hold, such as infinity, as the text that it is."""

    def load(self, data: Buffer) -> datetime | str:
        text = bytes(data).decode("ascii")
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            return text


class _Text(Loader):
    """Text of a database that does not know its own encoding: what is not UTF-8 is left to be found and refused."""

    def load(self, data: Buffer) -> str:
        return bytes(data).decode("utf-8", "surrogateescape")


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
        query = SQL("SELECT count(*) FROM {}{}").format(columns.place, _where(columns, since, None))
        return int(self._one(query))

    def rows(self, columns: Columns, *, after: KeyValue | None = None, since: datetime | None = None) -> Iterator[Row]:
        """The rows in the order of their keys; those without a key come last."""
        query = SQL("SELECT {} FROM {}{} ORDER BY {} NULLS LAST").format(
            columns.rows, columns.place, _where(columns, since, after), columns.order
        )
        with self._connection.cursor(name=f"panzoto_{columns.table.label}") as cursor:
            cursor.itersize = PAGE
            cursor.execute(query)
            yield from cursor

    def missing(self, columns: Columns, ids: list[str]) -> set[str]:
        """Which of those ids no row has."""
        key = Identifier(columns.table.key)
        kind = Identifier(columns.types[columns.table.ours[0]] if self._is_natural(columns) else "text")
        asked = [each for each in ids if self._can_be(columns, each)]
        query = SQL("SELECT {key}::text FROM {place} WHERE {key}{text} = ANY(%s::text[]::{kind}[])").format(
            key=key, place=columns.place, kind=kind, text=SQL("" if self._is_natural(columns) else "::text")
        )
        found = self._connection.execute(query, (asked,)).fetchall() if asked else []
        return set(ids) - {each[0] for each in found}

    def ask(self, query: Composed) -> list[tuple[Any, ...]]:
        """The answer to a question of the plan's."""
        return self._connection.execute(query).fetchall()

    @staticmethod
    def _is_natural(columns: Columns) -> bool:
        return columns.types[columns.table.ours[0]] in NATURAL

    @staticmethod
    def _can_be(columns: Columns, text: str) -> bool:
        """Whether text can be a key of the table: others would be a fault of the query."""
        kind = columns.types[columns.table.ours[0]]
        if kind in WHOLE:
            whole = text.removeprefix("-")
            return whole.isdecimal() and whole.isascii() and len(whole) < DIGITS and abs(int(whole)) < WHOLE[kind]
        try:
            return kind != "uuid" or bool(UUID(text))
        except ValueError:
            return False

    def _columns(self, table: TableMapping) -> Columns:
        found = self._connection.execute(
            "SELECT a.attname, t.typname FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid"
            " WHERE a.attrelid = to_regclass(%s) AND a.attnum > 0 AND NOT a.attisdropped",
            (Identifier(*table.name.split(".")).as_string(self._connection),),
        ).fetchall()
        if not found:
            raise Stopped(f"There is no table {table.name} in the old database; the mapping file can name another.")
        types: dict[str, str] = dict(found)
        if lacking := [column for column in table.columns.values() if column not in types]:
            raise Stopped(
                f"The table {table.name} has no column {', '.join(lacking)}; the mapping file can name others."
            )
        others = tuple(name for name in types if name not in table.columns.values())
        ours = {name: types[column] for name, column in table.columns.items()}
        return Columns(table, ours, others, self.encoding in ORDERED, self._zone)

    def _one(self, query: LiteralString | Composed) -> Any:
        row = self._connection.execute(query).fetchone()
        assert row is not None  # noqa: S101 (each of these queries has one row)
        return row[0]


def _where(columns: Columns, since: datetime | None, after: KeyValue | None) -> Composable:
    """The rows after a key, and made since a time."""
    wanted: list[Composable] = []
    if after is not None:
        bytewise = (
            not columns.in_order and isinstance(after, str) and columns.types[columns.table.ours[0]] not in NATURAL
        )
        value = SQL("convert_to({}, 'UTF8')" if bytewise else "{}").format(sql.Literal(after))
        wanted.append(SQL("({} > {} OR {} IS NULL)").format(columns.order, value, Identifier(columns.table.key)))
    if since is not None:
        wanted.append(SQL("{} >= {}").format(Identifier(columns.table.time), sql.Literal(columns.as_kept(since))))
    return SQL(" WHERE {}").format(SQL(" AND ").join(wanted)) if wanted else SQL("")


@contextmanager
def opened(dsn: str, names: Names) -> Iterator[Source]:
    """One snapshot, of one transaction that may not write."""
    with _connected(dsn) as connection, _told():
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        for each in SETTINGS:
            connection.execute(each)
        for name in TIMES:
            connection.adapters.register_loader(name, _Time)
        if connection.execute("SHOW server_encoding").fetchone() == ("SQL_ASCII",):
            connection.execute("SET client_encoding = 'SQL_ASCII'")  # or one row that is no text would end it all
            for name in ("text", "varchar", "bpchar", "name"):
                connection.adapters.register_loader(name, _Text)
        yield Source(connection, names)


@contextmanager
def _connected(dsn: str) -> Iterator[Connection]:
    """A connection; whatever it says of a fault, it says without the password."""
    try:
        connection = psycopg.connect(
            dsn, connect_timeout=CONNECT_SECONDS, client_encoding="UTF8", application_name="panzoto-migrate"
        )
    except psycopg.OperationalError as fault:
        raise Stopped(f"PostgreSQL cannot be used: {_said(fault)}.") from None
    except psycopg.Error:  # its text may hold what was given, and so a password
        raise Stopped("The DSN is not one: give postgresql://user@host:5432/database, or the PG* variables.") from None
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def _told() -> Iterator[None]:
    """Whatever the database says in the middle of the work is told in a sentence; what was moved stays moved."""
    try:
        yield
    except psycopg.errors.QueryCanceled as fault:
        raise Stopped(f"PostgreSQL cancelled the query: {_said(fault)}; the same command goes on.") from None
    except psycopg.errors.InsufficientPrivilege as fault:
        raise Stopped(f"PostgreSQL does not let us read: {_said(fault)}.") from None
    except psycopg.Error as fault:
        raise Stopped(f"PostgreSQL broke off: {_said(fault)}; the same command goes on.") from None


def _said(fault: psycopg.Error) -> str:
    """The first line of what it said."""
    primary = fault.diag.message_primary or next(iter(str(fault).strip().splitlines()), type(fault).__name__)
    return primary.strip().rstrip(".")
