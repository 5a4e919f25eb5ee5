"""A MiniStack that belongs to the tests: on a free port of the loopback, and gone when they are, killed or not."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException

STARTS = 5
SECONDS_TO_START = 30.0
SETTINGS = {
    "BIND_HOST": "127.0.0.1",
    "IOT_MTLS_ENABLED": "0",
    "SFTP_ENABLED": "0",
    "PERSIST_STATE": "0",
    "LOG_LEVEL": "ERROR",
}
# The emulator lives as long as somebody holds the other end of its standard input: the kernel lets go of it for us.
TETHERED = """
import os, runpy, sys, threading
def follow():
    os.read(0, 1)
    os._exit(0)
threading.Thread(target=follow, daemon=True).start()
sys.argv = ["ministack"]
runpy.run_module("ministack", run_name="__main__")
"""


class NotStarted(Exception):
    """The emulator did not come up."""


@contextmanager
def running(**settings: str) -> Iterator[str]:
    """The address of an emulator that answers; it ends with the block. `settings` are variables of its own."""
    for _ in range(STARTS):
        port = free_port()
        process = _start(port, settings)
        try:
            if _answers(process, port):
                yield f"http://127.0.0.1:{port}"
                return
        finally:
            _end(process)
    raise NotStarted(f"MiniStack ended {STARTS} times before it answered")


def free_port() -> int:
    """A port of the loopback that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _start(port: int, settings: Mapping[str, str]) -> subprocess.Popen[bytes]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "COV_", "COVERAGE_"))}
    return subprocess.Popen(
        [sys.executable, "-c", TETHERED],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**kept, **SETTINGS, **settings, "GATEWAY_PORT": str(port)},
    )


def _answers(process: subprocess.Popen[bytes], port: int) -> bool:
    """Whether it came up; False if it ended, which it does when somebody else took the port first."""
    ends = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < ends:
        if process.poll() is not None:
            return False
        if _healthy(port):
            return True
        time.sleep(0.02)  # between two looks; the deadline above is what decides
    raise NotStarted(f"MiniStack did not answer within {SECONDS_TO_START:.0f} seconds")


def _healthy(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/_ministack/health")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
