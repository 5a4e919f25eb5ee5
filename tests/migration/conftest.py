"""An old deployment in a real PostgreSQL, and the service that it moves to."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest
from click.testing import Result
from flask.testing import FlaskCliRunner
from psycopg.sql import SQL, Identifier, Literal

from config import Config
from panzoto import create_app
from panzoto.deps import Deps, build
from tests.accounts.conftest import QUICK, Clock, Service, service, service_for
from tests.support import postgres
from tests.support.furnishing import furnish
from tests.support.postgres import Server

__all__ = ["Clock", "Service", "service", "service_for"]

SCHEMA = """
CREATE TABLE users (user_id {key} PRIMARY KEY, email text, password_hash text, key_salt bytea, created_at {time});
CREATE TABLE audio_files (
  file_id {key} PRIMARY KEY, user_id {key}, s3_key text, file_size bigint, uploaded_at {time}
);
"""
HASH = "$argon2id$v=19$m=12288,t=3,p=1$c29tZXNhbHRzb21lc2FsdA$" + "h" * 43
SALT = bytes(range(32))
AT = "2024-05-06 07:08:09.123456"


@dataclass
class Old:
    """The old database."""

    server: Server
    name: str
    dsn: str

    def do(self, statement: str, *values: object) -> None:
        """Change something."""
        with psycopg.connect(self.dsn, autocommit=True, client_encoding="UTF8") as connection:
            connection.execute(statement, values or None)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Ask something."""
        with psycopg.connect(self.dsn, autocommit=True, client_encoding="UTF8") as connection:
            return connection.execute(query).fetchall()

    def person(self, user_id: object, email: object = "", **columns: object) -> None:
        """A person, ordinary but for what is said."""
        given = {
            "email": email if email != "" else f"old.{user_id}@example.com",
            "password_hash": HASH,
            "key_salt": SALT,
        }
        self._insert("users", {"user_id": user_id, "created_at": AT, **given, **columns})

    def file(self, file_id: object, user_id: object, **columns: object) -> None:
        """A recording, ordinary but for what is said."""
        given = {"s3_key": f"users/{user_id}/{file_id}.3gp", "file_size": 1024, "uploaded_at": AT}
        self._insert("audio_files", {"file_id": file_id, "user_id": user_id, **given, **columns})

    def people(self, count: int, files: int = 0) -> None:
        """So many people and recordings, ordinary ones, made by the database itself."""
        self.do(
            "INSERT INTO users SELECT lpad(n::text, 8, '0'), 'p' || n || '@example.com', %s, %s, %s::timestamptz"
            " + n * interval '1 second' FROM generate_series(1, %s) n",
            *(HASH, SALT, AT, count),
        )
        self.do(
            "INSERT INTO audio_files SELECT 'f' || lpad(n::text, 8, '0'), lpad((1 + n %% %s)::text, 8, '0'),"
            " 'audio/' || n || '.3gp', n, %s::timestamptz FROM generate_series(1, %s) n",
            *(max(count, 1), AT, files),
        )

    def _insert(self, table: str, row: Mapping[str, object]) -> None:
        columns = SQL(", ").join(map(Identifier, row))
        values = SQL(", ").join(SQL("{}").format(Literal(each)) for each in row.values())
        with psycopg.connect(self.dsn, autocommit=True, client_encoding="UTF8") as connection:
            connection.execute(SQL("INSERT INTO {} ({}) VALUES ({})").format(Identifier(table), columns, values))


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """One server for all tests of a worker."""
    with postgres.running() as started:
        yield started


@pytest.fixture
def old_for(server: Server) -> Callable[..., Old]:
    """Makes old databases, or schemas where the encoding does not matter; with keys and times of a type."""

    def made(encoding: str | None = None, key: str = "text", time: str = "timestamptz", schema: str = SCHEMA) -> Old:
        name = f"old_{secrets.token_hex(4)}"
        old = Old(server, name, server.make(name, encoding) if encoding else server.make_schema(name))
        old.do(schema.format(key=key, time=time))
        return old

    return made


@pytest.fixture
def old(old_for: Callable[..., Old]) -> Old:
    """An old database as the seed describes it."""
    return old_for()


@dataclass
class Move:
    """The commands of a move, in a folder of their own."""

    deps: Deps
    folder: Path
    old: Old
    _runner: FlaskCliRunner | None = None

    def __call__(self, command: str, *more: str, dsn: str | None = None) -> Result:
        """Give a command, in this process."""
        if self._runner is None:
            self._runner = create_app(self.deps.config, self.deps).test_cli_runner()
        arguments = ["migrate", command, "--dsn", dsn or self.old.dsn, "--state", str(self.folder), *more]
        return self._runner.invoke(args=arguments)

    def done(self, command: str, *more: str) -> str:
        """Give a command that must succeed; what it said."""
        result = self(command, *more)
        assert result.exit_code == 0, (result.output, result.exception)
        return result.output

    def rejects(self) -> list[dict[str, Any]]:
        """What was not moved."""
        return [orjson.loads(line) for line in (self.folder / "rejects.jsonl").read_text().splitlines()]

    def reasons(self) -> dict[str, str]:
        """Why each row was not moved, by its key."""
        keys = {"users": "user_id", "audio_files": "file_id"}
        return {each["row"][keys[each["table"]]]: each["reason"] for each in self.rejects()}


@pytest.fixture
def deps_for(config_for: Callable[..., Config]) -> Callable[..., Deps]:
    """Makes the service's parts, with its tables."""

    def made(**changes: Any) -> Deps:
        deps = build(config_for(**(QUICK | changes)), operator=True)
        furnish(deps.config)
        return deps

    return made


@pytest.fixture
def new(deps_for: Callable[..., Deps]) -> Deps:
    """The service's parts."""
    return deps_for()


@pytest.fixture
def move(new: Deps, old: Old, tmp_path: Path) -> Move:
    """The move of the old database."""
    return Move(new, tmp_path / "move", old)


def users_of(deps: Deps) -> dict[str, dict[str, Any]]:
    """Every person's item, by id."""
    return {item["user_id"]: item for item in deps.users.scan()}


def files_of(deps: Deps) -> dict[str, dict[str, Any]]:
    """Every recording's item, by id."""
    return {item["file_id"]: item for item in deps.audio_files.scan()}
