"""A PostgreSQL that belongs to the tests: real, on a free port of the loopback, and gone when they are."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier

from tests.support.ministack import free_port
from tests.support.needs import needs

PASSWORD = "a password with ' and @ of the tests"
SECONDS_TO_START = 30.0
NOBODY = 65534
# What is thrown away in the end need not survive the machine.
SETTINGS = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "listen_addresses=127.0.0.1"]


@dataclass(frozen=True)
class Server:
    """A server that answers, and its one superuser."""

    port: int

    def dsn(self, database: str = "postgres", password: str = PASSWORD, user: str = "panzoto") -> str:
        """How it is reached."""
        return psycopg.conninfo.make_conninfo(
            host="127.0.0.1", port=self.port, dbname=database, user=user, password=password
        )

    def make_schema(self, schema: str) -> str:
        """A new schema of the first database, which is made sooner than a database; how it is reached."""
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            connection.execute(SQL("CREATE SCHEMA {}").format(Identifier(schema)))
        return psycopg.conninfo.make_conninfo(self.dsn(), options=f"-c search_path={schema}")

    def make(self, database: str, encoding: str = "UTF8") -> str:
        """A new database; how it is reached."""
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            connection.execute(
                f"CREATE DATABASE \"{database}\" ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
            )
        return self.dsn(database)


@contextmanager
def running() -> Iterator[Server]:
    """A server; it ends with the block."""
    folder = Path(tempfile.mkdtemp(prefix="panzoto-pg-"))
    try:
        folder.chmod(0o755)
        programs = _programs(folder)
        data = _cluster(programs, folder)
        port = free_port()
        settings = [
            part for each in [*SETTINGS, f"port={port}", f"unix_socket_directories={data}"] for part in ("-c", each)
        ]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [programs / "postgres", "-D", data, *settings], stdout=log, stderr=log, user=_user(), group=_user()
            )
        try:
            server = Server(port)
            _wait(server, process, folder / "log")
            yield server
        finally:
            process.send_signal(signal.SIGQUIT)  # at once: nothing of it is kept
            process.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _user() -> int | None:
    """Whom the server runs as: it refuses to be root's."""
    return NOBODY if os.geteuid() == 0 else None


def _programs(folder: Path) -> Path:
    """Where initdb and postgres are: those of pgserver, else the machine's; the server's user may look there."""
    bundled = importlib.util.find_spec("pgserver")
    if bundled is None or not bundled.submodule_search_locations:
        installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"))  # where Debian puts them, outside of PATH
        return installed[-1] if installed else Path(os.path.realpath(needs("postgres"))).parent
    package = Path(bundled.submodule_search_locations[0])
    if _user() is not None:  # which may not look into the folder of root
        for each in (package, package.with_name("pgserver.libs")):
            shutil.copytree(each, folder / each.name, symlinks=True)
        package = folder / package.name
    return package / "pginstall" / "bin"


def _cluster(programs: Path, folder: Path) -> Path:
    """A fresh cluster, which asks for passwords."""
    data, secret = folder / "data", folder / "secret"
    secret.write_text(PASSWORD)
    data.mkdir(mode=0o700)
    if _user() is not None:
        os.chown(data, NOBODY, NOBODY)
        os.chown(secret, NOBODY, NOBODY)
    command: list[str | Path] = [
        "-D",
        data,
        "-U",
        "panzoto",
        "-A",
        "scram-sha-256",
        f"--pwfile={secret}",
        "-N",
        "--locale=C",
        "-E",
        "UTF8",
    ]
    done = subprocess.run(
        [programs / "initdb", *command], capture_output=True, text=True, user=_user(), group=_user(), check=False
    )
    assert done.returncode == 0, done.stderr
    return data


def _wait(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    ends = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < ends:
        assert process.poll() is None, log.read_text()
        with suppress(psycopg.OperationalError), psycopg.connect(server.dsn(), connect_timeout=5):
            return
        time.sleep(0.02)  # between two looks; the deadline above is what decides
    raise AssertionError(f"PostgreSQL did not answer within {SECONDS_TO_START:.0f} seconds")
