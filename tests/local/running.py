"""A `make run` that belongs to a test, and what can be seen of it from outside."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Self

import boto3

from panzoto.local.locks import holder
from panzoto.local.waiting import until

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 30.0
TABLE = "panzoto-approved-emails"


class Running:
    """A `python -m panzoto.local`, with ports and a data folder of its own; several in turn, on the same data."""

    def __init__(self, data: Path, root: Path = ROOT, **environ: str) -> None:
        self.data = data
        self.port, self.emulator_port = free_port(), free_port()
        self._said = data.with_name(f"{data.name}-said")
        self._root = root
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "COV_", "COVERAGE"))}
        self._environ = {
            **kept,
            "PORT": str(self.port),
            "EMULATOR_PORT": str(self.emulator_port),
            "PANZOTO_DATA": str(data),
            "WEB_CONCURRENCY": "1",
            **environ,
        }

    def start(self, *arguments: str, before: Sequence[str] = ()) -> Self:
        """Start it, by the command `before` if there is one, and wait for nothing."""
        with self._said.open("w") as said:
            self.process = subprocess.Popen(
                [*before, sys.executable, "-m", "panzoto.local", *arguments],
                cwd=self._root,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
        return self

    def up(self) -> Self:
        """Start it, and wait until it has said all that it says."""
        self.start()
        assert until(lambda: "Ctrl-C" in self.said or self.process.poll() is not None, SECONDS), self.said
        assert self.process.poll() is None, self.said
        return self

    def ended(self) -> int:
        """Its exit code, once it has ended."""
        try:
            return self.process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            raise AssertionError(self.said) from None

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Ask it to end, and wait until it has."""
        self.process.send_signal(number)
        return self.ended()

    @property
    def said(self) -> str:
        """What it and the backend have said."""
        return self._said.read_text()

    def get(self, path: str) -> tuple[int, bytes]:
        """What the backend answers."""
        return self._ask("GET", path)

    def post(self, path: str, body: object) -> tuple[int, bytes]:
        """What the backend answers to a body."""
        return self._ask("POST", path, json.dumps(body))

    def _ask(self, method: str, path: str, body: str | None = None) -> tuple[int, bytes]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def answer(self, path: str) -> bytes:
        """What the backend answers, or nothing while it does not."""
        try:
            return self.get(path)[1]
        except (OSError, HTTPException):
            return b""

    def pid(self, name: str) -> int:
        """The process of the `backend` or the `emulator`."""
        pid = holder(self.data / f"{name}.lock")
        assert pid, f"the {name} does not run"
        return pid

    def processes(self) -> list[int]:
        """The processes that it has started and that are still there: their command lines name its folder."""
        return [pid for pid, command in commands() if f"{self.data}/" in command]

    def nothing_is_left(self) -> bool:
        """Whether all its processes end, soon."""
        return until(lambda: not self.processes() and holder(self.data / "lock") is None, SECONDS)

    def kill_all(self) -> None:
        """Whatever a failed test has left."""
        for pid in [self.process.pid, *self.processes()]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait()


def commands() -> Iterator[tuple[int, str]]:
    """Every process of the machine and its command line; Linux tells without a program, which may be missing."""
    proc = Path("/proc")
    if not (proc / "self" / "cmdline").exists():
        listed = subprocess.run(["ps", "-A", "-o", "pid=,command="], capture_output=True, text=True, check=True).stdout
        yield from (
            (int(pid), command) for pid, _, command in (line.strip().partition(" ") for line in listed.splitlines())
        )
        return
    for path in proc.glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has ended meanwhile
            yield int(path.parent.name), path.read_bytes().replace(b"\0", b" ").decode(errors="replace")


def free_port() -> int:
    """A port that is free, below those which the system gives to callers, so that it stays free."""
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


@contextmanager
def listening(port: int) -> Iterator[None]:
    """Somebody else's program on a port."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen()
        yield


def dynamodb(port: int) -> DynamoDBClient:
    """The emulator's DynamoDB, as anybody's program reaches it."""
    return boto3.client(
        "dynamodb",
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def write(port: int, email: str) -> None:
    """Write an item."""
    dynamodb(port).put_item(TableName=TABLE, Item={"email": {"S": email}})


def read(port: int, email: str) -> bool:
    """Whether the item is there."""
    return "Item" in dynamodb(port).get_item(TableName=TABLE, Key={"email": {"S": email}}, ConsistentRead=True)


def eventually(happens: Callable[[], bool], what: str) -> None:
    """Fail unless it happens soon."""
    assert until(happens, SECONDS), f"not within {SECONDS:.0f} seconds: {what}"
