"""The units of systemd, as far as a test can be systemd: it holds the door, starts what they say, and is notified."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from tests.support.nginx import DEPLOY, Nginx
from tests.support.server import ROOT, SECONDS_TO_END

UNIT = DEPLOY / "systemd" / "panzoto@.service"
SECONDS_TO_BE_READY = 120.0
INSTALLED = "/srv/panzoto/current/.venv/bin/"
# The door is the first file after the three of every process, and it is meant for the process of that number.
AS_SYSTEMD = """
import os, sys
os.dup2(int(os.environ.pop("DOOR")), 3)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
os.execv(sys.argv[1], sys.argv[1:])
"""


def settings(unit: Path = UNIT) -> dict[str, list[str]]:
    """What a unit says, by the name of the setting."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r"^(\w+)=(.*)$", unit.read_text(encoding="utf-8"), re.MULTILINE):
        found.setdefault(name, []).append(value)
    return found


def command() -> list[str]:
    """What the unit starts, from this machine's environment of Python."""
    words = settings()["ExecStart"][0].split()
    assert words[0].startswith(INSTALLED)
    return [str(Path(sys.executable).parent / words[0].removeprefix(INSTALLED)), *words[1:]]


def environment() -> dict[str, str]:
    """What the unit sets."""
    pairs = " ".join(settings()["Environment"]).split()
    return dict(pair.split("=", 1) for pair in pairs)


class Door:
    """A socket that listens as long as the block lasts, and the servers behind it."""

    def __init__(self, environ: Mapping[str, str], folder: Path) -> None:
        ours = {"PANZOTO_METRICS": str(folder / "metrics"), "NOTIFY_SOCKET": str(folder / "notify")}
        self._environ = {**environ, **environment(), **ours, "METRICS_TOKEN": "m" * 16 + "0123456789abcdef"}
        self._environ |= {"WEB_CONCURRENCY": "1", "THREADS": "4"}
        self._folder = folder
        self._servers: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=2048)
        self.port = self._socket.getsockname()[1]
        self._notes = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notes.bind(self._environ["NOTIFY_SOCKET"])
        self._notes.settimeout(SECONDS_TO_BE_READY)
        return self

    def start(self, name: str) -> None:
        """Start a server and wait until it says that it is ready, as `Type=notify` does."""
        with (self._folder / f"{name}.log").open("ab") as log:
            self._servers[name] = subprocess.Popen(
                [sys.executable, "-c", AS_SYSTEMD, *command()],
                cwd=ROOT,
                env={**self._environ, "DOOR": str(self._socket.fileno())},
                pass_fds=[self._socket.fileno()],
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        while b"READY=1" not in self._notes.recv(4096):
            continue

    def stop(self, name: str) -> None:
        """As `systemctl stop`: it ends, in order."""
        server = self._servers.pop(name)
        server.send_signal(signal.SIGTERM)
        assert server.wait(SECONDS_TO_END) == 0

    def restart(self, name: str) -> None:
        """As `systemctl restart`."""
        self.stop(name)
        self.start(name)

    def metrics(self, nginx: Nginx) -> int:
        """How many recordings all servers have counted together, those that have ended too."""
        answer = nginx.ask("GET", "/metrics", None, {"Authorization": f"Bearer {self._environ['METRICS_TOKEN']}"})
        (line,) = [
            line
            for line in answer.body.decode().splitlines()
            if line.startswith("panzoto_requests_total") and "/api/audio-file" in line and "201" in line
        ]
        return int(float(line.split()[-1]))

    def __exit__(self, *_: object) -> None:
        for each in self._servers.values():
            each.send_signal(signal.SIGTERM)
        for each in self._servers.values():
            each.wait(SECONDS_TO_END)
        self._notes.close()
        self._socket.close()
        Path(self._environ["NOTIFY_SOCKET"]).unlink()
