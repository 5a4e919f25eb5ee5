"""Locks that the kernel opens when their holder ends, however it ends. The file of a lock says who holds it."""

from __future__ import annotations

import fcntl
import os
import signal
from contextlib import suppress
from pathlib import Path

from panzoto.local.waiting import until


class Held(Exception):
    """Somebody else has the lock; `pid` is who, or 0 when that is not known yet."""

    def __init__(self, path: Path, pid: int) -> None:
        super().__init__(f"{path} is held by process {pid}")
        self.pid = pid


def hold(path: Path, seconds: float = 0) -> int:
    """Take the lock and note who has it. It is kept as long as this process, or a fork of it, has the descriptor."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    if not until(lambda: _taken(descriptor), seconds):
        os.close(descriptor)
        raise Held(path, _pid(path))
    os.ftruncate(descriptor, 0)
    os.write(descriptor, b"%d\n" % os.getpid())
    return descriptor


def holder(path: Path) -> int | None:
    """Who holds the lock: nobody, or a process that is alive, so that its number cannot be another's."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        return None if _taken(descriptor) else _pid(path)
    finally:
        os.close(descriptor)


def end_holder(path: Path, patience: float) -> None:
    """End the process that holds the lock, and the group that it leads: gracefully at first."""
    if holder(path) is None:
        return
    for number, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, patience)):
        with suppress(ProcessLookupError, PermissionError):
            if pid := _pid(path):
                os.killpg(pid, number)
        if until(lambda: holder(path) is None, seconds):
            return


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _pid(path: Path) -> int:
    text = path.read_text().strip()
    return int(text) if text.isdigit() else 0
