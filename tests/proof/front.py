"""A real nginx before a real gunicorn, both on the loopback, whose lines go to files: what people reach."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from tests.support.ministack import free_port
from tests.support.server import ROOT, SECONDS_TO_END, SECONDS_TO_START, NotServing

OURS = ROOT / "deploy" / "nginx.conf"
NGINX = """
daemon off;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    include panzoto/panzoto.conf;
}}
"""


@dataclass(frozen=True)
class Front:
    """Where people come in, who serves them, and the folder that has all that was written of it."""

    port: int
    gunicorn: int
    folder: Path

    def processes(self) -> list[int]:
        """The processes of gunicorn that answer."""
        found = [each for each in Path("/proc").iterdir() if each.name.isdigit()]
        return [int(each.name) for each in found if _parent(each) == self.gunicorn]

    def memory(self) -> float:
        """What they have in memory, in MiB."""
        pages = [int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) for pid in self.processes()]
        return sum(pages) * os.sysconf("SC_PAGE_SIZE") / 2**20

    def descriptors(self) -> int:
        """How many files and connections they hold."""
        return sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in self.processes())

    def written(self) -> dict[str, str]:
        """Every file that was written, by its name."""
        files = [each for each in self.folder.rglob("*") if each.is_file()]
        return {str(each.relative_to(self.folder)): each.read_text(errors="replace") for each in files}


def _parent(process: Path) -> int:
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):  # it has just ended
        return 0


@contextmanager
def serving(nginx: str, environ: Mapping[str, str], folder: Path) -> Iterator[Front]:
    """Both, until the block ends."""
    inner, outer = free_port(), free_port()
    (folder / "panzoto").mkdir()
    (folder / "files").mkdir()
    for name, text in {
        "nginx.conf": NGINX.format(folder=folder),
        "panzoto/panzoto.conf": OURS.read_text(encoding="utf-8"),
        "panzoto/place.conf": f"upstream panzoto {{ server 127.0.0.1:{inner} max_fails=0; }}",
        "panzoto/listen.conf": f"listen 127.0.0.1:{outer}; access_log {folder}/access.log panzoto;",
        "panzoto/operators.conf": "allow 127.0.0.1; deny all;",
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
    gunicorn = [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "gunicorn.conf.py"), "wsgi:app"]
    more = {"PORT": str(inner), "PYTHONPATH": str(ROOT), "TMPDIR": str(folder / "files")}
    with ExitStack() as until:
        until.enter_context(_running([nginx, "-c", str(folder / "nginx.conf")], environ, folder / "nginx.log"))
        process = until.enter_context(_running(gunicorn, {**environ, **more}, folder / "gunicorn.log"))
        _wait(outer)
        yield Front(outer, process.pid, folder)


@contextmanager
def _running(command: list[str], environ: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as lines:
        process = subprocess.Popen(command, cwd=ROOT, env=dict(environ), stdout=lines, stderr=subprocess.STDOUT)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(SECONDS_TO_END)


def _wait(port: int) -> None:
    ends = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < ends:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        except (OSError, HTTPException):
            pass
        finally:
            connection.close()
        time.sleep(0.05)  # between two looks; the deadline above is what decides
    raise NotServing(f"nothing answered within {SECONDS_TO_START:.0f} seconds")
