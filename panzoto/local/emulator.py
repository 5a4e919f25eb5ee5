"""The embedded AWS as a process of its own: MiniStack on the loopback, which keeps its state even if it is killed.

MiniStack saves what it holds when it ends gracefully, and only then. So it is saved from time to time as well.
"""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from panzoto.local.locks import hold
from panzoto.local.settings import LOOPBACK
from panzoto.local.tether import follow

if TYPE_CHECKING:
    from hypercorn.typing import ASGIFramework, ASGIReceiveCallable, ASGISendCallable, Scope

SAVE_EVERY = 5.0
# Saving stops the emulator for as long as it takes, so it may take one part in so many of its time.
SHARE = 20
SECONDS_FOR_MUCH_DATA = 900.0
SECONDS_FOR_THE_LOCK = 10.0
OPEN_FILES = 4096
# Of the machine's environment it gets no more than a program needs: a `SERVICES` or `AUTH` of somebody's is not for it.
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "USER")
READS = ("BatchGet", "Describe", "Get", "List", "Query", "Scan", "TransactGet")

log = logging.getLogger("panzoto.emulator")


def main(tether: str, lock: str, data: str, port: str) -> None:
    """Run until a signal or the end of the parent."""
    follow(int(tether))
    hold(Path(lock), SECONDS_FOR_THE_LOCK)
    allow_open_files()
    os.umask(0o077)
    settings = environment(Path(data), int(port))
    os.environ.clear()
    os.environ.update(settings)
    asyncio.run(serve(int(port)))


def environment(data: Path, port: int) -> dict[str, str]:
    """What MiniStack reads when it is imported."""
    return {
        **{name: os.environ[name] for name in INHERITED if name in os.environ},
        "GATEWAY_PORT": str(port),
        "BIND_HOST": LOOPBACK,
        "PERSIST_STATE": "1",
        "STATE_DIR": str(data / "state"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(data / "s3"),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
        # It would remove the containers of every other MiniStack on the machine.
        "DOCKER_HOST": f"unix://{data / 'no-docker'}",
    }


async def serve(port: int) -> None:
    """Serve until SIGTERM or SIGINT, saving from time to time; MiniStack itself saves at the end."""
    from hypercorn.asyncio import serve as hypercorn  # noqa: PLC0415 (the tether and the lock come first)
    from hypercorn.config import Config  # noqa: PLC0415
    from ministack import app as ministack  # noqa: PLC0415 (it reads the environment when it is imported)

    log.setLevel(logging.INFO)
    asked = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    config = Config()
    config.bind = [f"{LOOPBACK}:{port}"]
    config.keep_alive_timeout = 75
    config.loglevel = "WARNING"
    config.startup_timeout = config.shutdown_timeout = SECONDS_FOR_MUCH_DATA
    kept = Kept(ministack.app, lambda: ministack.save_all(ministack._build_persistence_save_dict()))  # noqa: SLF001
    saving = asyncio.create_task(kept.save_regularly())
    log.info("the embedded AWS starts on port %d", port)
    await hypercorn(kept, config, shutdown_trigger=asked.wait, mode="asgi")
    saving.cancel()
    log.info("the embedded AWS has ended")


class Kept:
    """MiniStack's application, and whether it may hold something that is not saved."""

    def __init__(self, app: ASGIFramework, save_all: Callable[[], None]) -> None:
        self._app = app
        self._save_all = save_all
        self._faults = Faults()
        self._unsaved = False
        # MiniStack notes what it could not save in its log, and nowhere else.
        logging.getLogger("persistence").addHandler(self._faults)

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Answer a request."""
        try:
            await self._app(scope, receive, send)
        finally:
            self._unsaved = self._unsaved or may_write(scope)

    async def save_regularly(self) -> None:
        """Save what is not saved, again and again."""
        pause = SAVE_EVERY
        while True:
            await asyncio.sleep(pause)
            pause = max(SAVE_EVERY, self.save() * SHARE)

    def save(self) -> float:
        """Save what is not saved, and tell how long it took. Nothing else happens on the event loop meanwhile."""
        if not self._unsaved:
            return 0
        began = time.monotonic()
        faults = self._faults.count
        self._save_all()
        self._unsaved = self._faults.count > faults
        return time.monotonic() - began


class Faults(logging.Handler):
    """Counts faults."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:  # noqa: ARG002 (that it came says it all)
        """Count one."""
        self.count += 1


def may_write(scope: Scope) -> bool:
    """Whether a request may have changed something; DynamoDB and others ask their questions with POST too."""
    if scope["type"] != "http" or scope["method"] in {"GET", "HEAD", "OPTIONS"}:
        return False
    target = dict(scope["headers"]).get(b"x-amz-target", b"").decode("latin-1")
    return not target.rpartition(".")[2].startswith(READS)


def allow_open_files() -> None:
    """As many open files as are sensible: a Mac allows 256 unless it is asked."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


if __name__ == "__main__":
    main(*sys.argv[1:])
