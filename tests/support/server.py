"""A real gunicorn of the tests: on a free port of the loopback, with the environment that a test gives it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path

import pytest

from tests.support.configs import JWT_SECRET, SECRET
from tests.support.grants import recording
from tests.support.ministack import free_port

ROOT = Path(__file__).resolve().parents[2]
SECONDS_TO_START = 90.0  # many start at once, and the machine may be busy
# Longer than gunicorn gives open requests: a signal may come while it makes a process.
SECONDS_TO_END = 45.0


class NotServing(Exception):
    """The server did not come up; its output says why."""


@dataclass
class Answer:
    """What a server answered."""

    status: int
    body: bytes
    headers: Mapping[str, str]


@dataclass
class Server:
    """A gunicorn that serves. What it says is read at once: a pipe that is full would stop it."""

    port: int
    process: subprocess.Popen[str]
    output: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listening = threading.Thread(target=self._listen, daemon=True)
        self._listening.start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as said:
            for line in said:
                self.output.append(line.rstrip("\n"))

    def ask(self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Answer:
        """One request on a connection of its own; an iterable body goes in chunks."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, dict(headers or {}))  # type: ignore[arg-type]
            response: HTTPResponse = connection.getresponse()
            return Answer(response.status, response.read(), {k.lower(): v for k, v in response.getheaders()})
        finally:
            connection.close()

    def workers(self) -> set[int]:
        """The processes that serve, as Linux tells them."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        if not children.exists():
            pytest.skip("this system does not tell a process's children under /proc")
        return set(map(int, children.read_text().split()))

    def stop(self) -> int:
        """End it as a supervisor would; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self) -> int:
        """Wait until it has ended by itself; its exit code."""
        self.process.wait(SECONDS_TO_END)
        self._listening.join(SECONDS_TO_END)
        return self.process.returncode


def environment(endpoint: str, account: str, **changes: str) -> dict[str, str]:
    """The environment of a development server on an account of an emulator, and nothing of this machine's."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    ours = {
        "FLASK_ENV": "development",
        "SECRET_KEY": SECRET,
        "JWT_SECRET_KEY": JWT_SECRET,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": "test",
        "WEB_CONCURRENCY": "2",
        "FIGURES_SECONDS": "0",  # a test that compares tables sees its own writes alone
    }
    return {**kept, **ours, **changes}


def told() -> dict[str, str]:
    """Where its calls of AWS are recorded, and for which test."""
    return {name: os.environ[name] for name in (recording.VARIABLE, "PYTEST_CURRENT_TEST") if name in os.environ}


def started(environ: Mapping[str, str], cwd: Path = ROOT) -> Server:
    """A gunicorn that has just been started, on a free port unless the environment names one."""
    port = int(environ.get("PORT") or free_port())
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.grants.gunicorn", "-c", str(ROOT / "gunicorn.conf.py"), "wsgi:app"],
        cwd=cwd,
        env={**environ, "PORT": str(port), "PYTHONPATH": str(ROOT), **told()},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return Server(port, process)


@contextmanager
def serving(environ: Mapping[str, str]) -> Iterator[Server]:
    """A gunicorn that answers; it ends with the block."""
    server = started(environ)
    try:
        wait_for(server)
        yield server
    finally:
        if server.process.returncode is None:
            server.stop()


def wait_for(server: Server) -> None:
    """Wait until it answers; `NotServing` with its output when it does not."""
    ends = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < ends:
        if server.process.poll() is not None:
            server.wait()
            raise NotServing("\n".join(server.output))
        try:
            if server.ask("GET", "/healthz").status == 200:
                return
        except (OSError, HTTPException):
            time.sleep(0.05)  # between two looks; the deadline above is what decides
    raise NotServing(f"nothing answered within {SECONDS_TO_START:.0f} seconds")
