"""The child's end of a tether: it ends with its parent, however the parent ends, on Linux and on macOS."""

from __future__ import annotations

import os
import signal
import threading


def follow(descriptor: int) -> None:
    """End this process gracefully when nobody holds the other end of the pipe any more: the kernel lets go of it."""

    def wait() -> None:
        os.read(descriptor, 1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="tether", daemon=True).start()
