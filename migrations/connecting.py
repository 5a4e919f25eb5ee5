"""The way to PostgreSQL: a connection that reads one snapshot, and a sentence for whatever it says of a fault."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.conninfo import conninfo_to_dict

from migrations.faults import Stopped

CONNECT_SECONDS = 15
TIMES = ("timestamptz", "timestamp", "date")
TEXTS = ("text", "varchar", "bpchar", "name")
SETTINGS = (
    "SET TimeZone = 'UTC'",
    "SET DateStyle = 'ISO, YMD'",
    "SET bytea_output = 'hex'",
    "SET statement_timeout = 0",
    "SET idle_in_transaction_session_timeout = 0",
    "SET lock_timeout = '10s'",
)

Connection = psycopg.Connection[tuple[Any, ...]]


class _Time(Loader):
    """A time as Python has it; one that Python cannot hold, such as infinity, as the text that it is."""

    def load(self, data: Buffer) -> datetime | str:
        """Read it."""
        text = bytes(data).decode("ascii")
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            return text


class _Text(Loader):
    """Text of a database that does not know its own encoding: what is not UTF-8 is left to be found and refused."""

    def load(self, data: Buffer) -> str:
        """Read it."""
        return bytes(data).decode("utf-8", "surrogateescape")


@contextmanager
def connected(dsn: str) -> Iterator[Connection]:
    """A connection; whatever it says of a fault, it says without the password."""
    password = _password(dsn)
    try:
        connection = psycopg.connect(
            dsn, connect_timeout=CONNECT_SECONDS, client_encoding="UTF8", application_name="panzoto-migrate"
        )
    except psycopg.OperationalError as fault:
        said = _said(fault).replace(password, "…") if password else _said(fault)
        raise Stopped(f"PostgreSQL cannot be used: {said}.") from None
    try:
        with told():
            _prepare(connection)
        yield connection
    finally:
        connection.close()


def _password(dsn: str) -> str:
    """The password in a DSN; `Stopped` for one that cannot be read, of which any part may be a password."""
    try:
        parts = conninfo_to_dict(dsn)
    except psycopg.Error:
        raise Stopped("The DSN is not one: give postgresql://user@host:5432/database, or the PG* variables.") from None
    ports = str(parts.get("port", "")).replace(",", "")
    if "@" in f"{parts.get('host', '')}{parts.get('dbname', '')}" or not (ports.isdecimal() or not ports):
        raise Stopped("The DSN cannot be told apart: in a password write %40 for @, %2F for / and %3A for a colon.")
    return str(parts.get("password", "") or "")


def _prepare(connection: Connection) -> None:
    """One snapshot for all that is read, in which nothing can be written; times in UTC, and texts that can be told."""
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    for each in SETTINGS:
        connection.execute(each)
    for name in TIMES:
        connection.adapters.register_loader(name, _Time)
    if connection.execute("SHOW server_encoding").fetchone() == ("SQL_ASCII",):
        connection.execute("SET client_encoding = 'SQL_ASCII'")  # or one row that is no text would end it all
        for name in TEXTS:
            connection.adapters.register_loader(name, _Text)


@contextmanager
def told() -> Iterator[None]:
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
