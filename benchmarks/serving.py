"""Servers under load: a gunicorn and what it takes, and `wrk` that asks."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from tests.support.ministack import free_port

HERE = Path(__file__).parent
ROOT = HERE.parent
SECONDS_TO_START = 60.0
SECONDS_TO_REST, BETWEEN_LOOKS = 60.0, 0.3
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Load:
    """What wrk counted, and what the server took for it meanwhile."""

    requests: int
    seconds: int
    median: float
    p99: float
    refused: int
    cpu: float

    @property
    def a_second(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds

    @property
    def cpu_each(self) -> float:
        """Seconds of the server's CPU for each request."""
        return self.cpu / self.requests


@dataclass(frozen=True)
class Serving:
    """A server, with its processes."""

    port: int
    process: subprocess.Popen[bytes]

    @property
    def pids(self) -> list[int]:
        """Its process, and those that it has made."""
        found = [self.process.pid]
        for pid in found:
            for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
                found += map(int, tasks.read_text().split())
        return found

    def cpu(self) -> float:
        """Seconds of CPU that all of it has taken."""
        return sum(_ticks(pid) for pid in self.pids) / TICKS

    def rest(self) -> None:
        """Wait until it has done with what it was asked before: what nobody waits for any more is worked on, too."""
        ends, took = time.monotonic() + SECONDS_TO_REST, -1.0
        while took != (took := self.cpu()):
            if time.monotonic() > ends:
                raise RuntimeError("the server does not come to rest")
            time.sleep(BETWEEN_LOOKS)

    def memory(self) -> int:
        """Bytes that all of it takes; what is shared counts once."""
        rollups = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in self.pids]
        return sum(int(re.findall(r"^Pss:\s+(\d+)", text, re.MULTILINE)[0]) for text in rollups) * 1024

    def load(
        self,
        path: str,
        seconds: int,
        *,
        token: str | None = None,
        body: str | None = None,
        headers: Mapping[str, str] | None = None,
        at_once: int = 8,
    ) -> Load:
        """Ask for one path for so long, so many at once."""
        before = self.cpu()
        with self.loading(path, seconds, token=token, body=body, headers=headers, at_once=at_once) as wrk:
            found = counted(wrk)
        return Load(*found, cpu=self.cpu() - before)

    @contextmanager
    def loading(
        self,
        path: str,
        seconds: int,
        *,
        token: str | None = None,
        body: str | None = None,
        headers: Mapping[str, str] | None = None,
        at_once: int = 8,
    ) -> Iterator[subprocess.Popen[str]]:
        """The same, and go on meanwhile."""
        if shutil.which("wrk") is None:
            raise SystemExit("This benchmark needs wrk; on Debian and Ubuntu: sudo apt install wrk")
        command = [
            "wrk",
            "-t1",
            f"-c{at_once}",
            f"-d{seconds}s",
            "--timeout",
            "30s",
            "-s",
            str(HERE / "wrk.lua"),
        ]
        given = {**({"Authorization": f"Bearer {token}"} if token else {}), **(headers or {})}
        command += [part for name, value in given.items() for part in ("-H", f"{name}: {value}")]
        command += [f"http://127.0.0.1:{self.port}{path}", *(["--", body] if body else [])]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
            yield process


def counted(wrk: subprocess.Popen[str]) -> tuple[int, float, float, float, int]:
    """Requests, seconds, the median and the 99th percentile of their times, and how many were refused."""
    out, _ = wrk.communicate()
    found = re.search(r"COUNTED (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)", out)
    if found is None or int(found[6]):
        raise RuntimeError(out)
    requests, spent, median, p99, refused = (int(found[n]) for n in range(1, 6))
    return requests, spent / 1e6, median / 1e6, p99 / 1e6, refused


@contextmanager
def gunicorn(environ: Mapping[str, str], *arguments: str, ready: str = "/healthz") -> Iterator[Serving]:
    """A gunicorn that serves on a free port until the block ends."""
    with serving([sys.executable, "-m", "gunicorn", *arguments], environ, ready) as server:
        yield server


@contextmanager
def serving(command: Sequence[str], environ: Mapping[str, str], ready: str) -> Iterator[Serving]:
    """A command that serves on `PORT` until the block ends."""
    port = free_port()
    given = {**environ, "PORT": str(port), "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(  # noqa: S603
        [part.replace("$PORT", str(port)) for part in command],
        cwd=ROOT,
        env=given,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(port, process, ready)
        yield Serving(port, process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _wait(port: int, process: subprocess.Popen[bytes], ready: str) -> None:
    ends = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < ends and process.poll() is None:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", ready)
            if connection.getresponse().status < 500:  # noqa: PLR2004 (it answers)
                return
        except (OSError, HTTPException):
            time.sleep(0.05)  # between two looks; the deadline above is what decides
        finally:
            connection.close()
    raise RuntimeError(f"nothing answered at {ready}")


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
