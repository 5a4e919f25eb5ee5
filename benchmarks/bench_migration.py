"""The move from PostgreSQL against the seed's loop: rows through a real PostgreSQL to an endpoint 4 ms away.

The seed's loop puts one item for each row through boto3's resource; ours is `flask migrate run`. Both meet the same
endpoint, which answers after 4 ms and keeps nothing, so that what is measured is the client; rows are half people.
The goals: 20 times the rows a second, a third of the CPU for each, 200 MiB at 100,000 and at 1,000,000 rows.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import re
import statistics
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import psycopg

from benchmarks.measuring import Measured
from config import Config
from migrations.mapping import Names
from migrations.rows import Rules
from migrations.running import Running
from migrations.source import opened
from migrations.state import Folder
from panzoto.deps import build
from tests.support import postgres
from tests.support.configs import configured

VERSIONS_OF = ("boto3", "psycopg")
LATENCY = 0.004
ROUNDS = 5
SEEDS_ROWS, OUR_ROWS = 400, 20_000
SIZES = (100_000, 1_000_000)
WORKERS = 8
HASH = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$" + "h" * 43
SCHEMA = """
CREATE TABLE users (user_id text PRIMARY KEY, email text, password_hash text, key_salt bytea, created_at timestamptz);
CREATE TABLE audio_files (
  file_id text PRIMARY KEY, user_id text, s3_key text, file_size bigint, uploaded_at timestamptz);
INSERT INTO users SELECT md5(n::text), 'p' || n || '@example.com', '{hash}', sha256(n::text::bytea), now()
  FROM generate_series(1, {people}) n;
INSERT INTO audio_files SELECT md5('f' || n), md5((1 + n % {people})::text), 'audio/' || n || '.3gp', n, now()
  FROM generate_series(1, {people}) n;
"""


def run() -> list[Measured]:
    """Rows and CPU of both, in rounds that take turns."""
    walls: dict[str, list[float]] = {"the seed's loop": [], "flask migrate run": []}
    cpus: dict[str, list[float]] = {"the seed's loop": [], "flask migrate run": []}
    with postgres.running() as server, _endpoint(LATENCY) as address:
        small, large = _filled(server, SEEDS_ROWS), _filled(server, OUR_ROWS)
        for _ in range(ROUNDS):
            for name, act, dsn, rows in (
                ("the seed's loop", _seed, small, SEEDS_ROWS),
                ("flask migrate run", _ours, large, OUR_ROWS),
            ):
                wall, cpu = time.perf_counter(), time.process_time()
                act(dsn, address)
                walls[name].append((time.perf_counter() - wall) / rows)
                cpus[name].append((time.process_time() - cpu) / rows)
    return [*_measured("time for a row", walls), *_measured("CPU for a row", cpus)]


def notes() -> list[str]:
    """Peak memory, at both sizes, each in a process of its own."""
    lines = []
    context = multiprocessing.get_context("spawn")
    with postgres.running() as server, _endpoint(0.0) as address:
        for size in SIZES:
            dsn = _filled(server, size)
            with context.Pool(1) as pool:
                seconds, peak = pool.apply(_one, (dsn, address))
            lines.append(
                f"{size:,} rows to an endpoint that answers at once: {peak:.0f} MiB at most (goal 200), "
                f"{seconds:.0f} s, {size / seconds:,.0f} rows a second."
            )
    return lines


def _measured(what: str, times: dict[str, list[float]]) -> list[Measured]:
    first = times["the seed's loop"]
    made = []
    for name, each in times.items():
        quarters = statistics.quantiles(each, n=4)
        ratio = statistics.median(own / other for own, other in zip(each, first, strict=True))
        made.append(
            Measured(f"{what}, {name}", statistics.median(each) * 1e6, quarters[0] * 1e6, quarters[2] * 1e6, ratio)
        )
    return made


def _filled(server: postgres.Server, rows: int) -> str:
    """A database of so many rows."""
    dsn = server.make(f"rows_{rows}")
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(SCHEMA.format(hash=HASH, people=rows // 2))  # type: ignore[arg-type]
        connection.execute("ANALYZE")
    return dsn


def _seed(dsn: str, address: str) -> None:
    """The seed's script, as it stands there."""
    resource = boto3.resource(
        "dynamodb", region_name="us-east-1", endpoint_url=address, aws_access_key_id="1", aws_secret_access_key="1"
    )
    users, files = resource.Table("panzoto-users"), resource.Table("panzoto-audio-files")
    with psycopg.connect(dsn) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT user_id, email, password_hash, key_salt, created_at FROM users")
        for user_id, email, password_hash, key_salt, created_at in cursor.fetchall():
            users.put_item(
                Item={
                    "user_id": user_id,
                    "email": email,
                    "password_hash": password_hash,
                    "key_salt": b64encode(key_salt).decode("utf-8"),
                    "created_at": int(created_at.timestamp()),
                    "created_at_iso": created_at.isoformat(),
                }
            )
        cursor.execute("SELECT file_id, user_id, s3_key, file_size, uploaded_at FROM audio_files")
        for file_id, user_id, s3_key, file_size, uploaded_at in cursor.fetchall():
            files.put_item(
                Item={
                    "file_id": file_id,
                    "user_id": user_id,
                    "s3_key": s3_key,
                    "file_size": file_size,
                    "uploaded_at": int(uploaded_at.timestamp()),
                    "uploaded_at_iso": uploaded_at.isoformat(),
                }
            )


def _ours(dsn: str, address: str) -> None:
    """The command, but for its options."""
    names = Names.read(None)
    with tempfile.TemporaryDirectory() as folder, opened(dsn, names) as source:
        Running(
            deps=build(_config(address), operator=True),
            source=source,
            folder=Folder(Path(folder)),
            rules=Rules(names.zone),
            workers=WORKERS,
            most_units=None,
            patience=60,
            watch=_Nobody(),
        ).full()


def _one(dsn: str, address: str) -> tuple[float, float]:
    """Seconds, and the most memory that this process ever had, in MiB."""
    began = time.perf_counter()
    _ours(dsn, address)
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return time.perf_counter() - began, int(found[1] if found else 0) / 1024


def _config(address: str) -> Config:
    return replace(configured("111111111111", address), threads=WORKERS)


class _Nobody:
    """Watches nothing."""

    def begin(self, label: str, total: int, done: int) -> None:
        """A table begins."""

    def advance(self, rows: int) -> None:
        """Rows are done."""


@contextmanager
def _endpoint(latency: float) -> Iterator[str]:
    """The address of a DynamoDB that answers everything after a while and keeps nothing, in a process of its own."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(latency, theirs), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.kill()
        process.join()


def _serve(latency: float, tell: Any) -> None:
    body = b'{"Items":[],"Count":0}'
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: %d\r\n\r\n" % len(body)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                request = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"(?i)content-length: (\d+)", request)
                await reader.readexactly(int(length[1]) if length else 0)
                if latency:
                    await asyncio.sleep(latency)
                writer.write(head + body)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def forever() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=2**22)
        tell.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(forever())
