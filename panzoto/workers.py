"""Threads for long work, so many at most: they look for it when they are woken, and end when there is none.

Nothing is asked of anybody while nobody uses the service.
"""

from __future__ import annotations

import atexit
from collections.abc import Callable
from threading import Condition, Thread

import structlog

from panzoto.errors import PanzotoError

SECONDS_TO_STOP = 10.0
SECONDS_AFTER_A_FAULT = 15.0

# Does what it finds, and says in how many seconds it is worth looking again; None when there is nothing to wait for.
Look = Callable[[], float | None]
log = structlog.get_logger()


class Workers:
    """The threads of one process. They begin when they are needed, so that none is lost in a fork."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._changed = Condition()
        self._running = 0
        self._woken = False
        self._is_known_at_exit = False
        self.stopping = False

    def wake(self, look: Look) -> None:
        """Let somebody look, now."""
        with self._changed:
            if self.stopping or not self._at_once:
                return
            if self._running == self._at_once:
                self._woken = True
                self._changed.notify_all()
                return
            self._running += 1
            if not self._is_known_at_exit:
                self._is_known_at_exit = True
                atexit.register(self.stop)
        Thread(target=self._work, args=(look,), name="worker", daemon=True).start()

    def stop(self, seconds: float = SECONDS_TO_STOP) -> None:
        """Let them give back what they hold, and wait for it, but not for ever."""
        with self._changed:
            self.stopping = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._running, seconds)

    def _work(self, look: Look) -> None:
        pause: float | None = 0.0
        while pause is not None:
            pause = self._rest(_looked(look))

    def _rest(self, pause: float | None) -> float | None:
        """Wait until it is worth looking again; None when this thread is done."""
        with self._changed:
            if pause is not None and not self.stopping:
                self._changed.wait_for(lambda: self._woken or self.stopping, pause)
            if self.stopping or (pause is None and not self._woken):
                self._running -= 1
                self._changed.notify_all()
                return None
            self._woken = False
            return 0.0


def _looked(look: Look) -> float | None:
    try:
        return look()
    except PanzotoError as fault:
        log.warning("worker_waits", why=type(fault).__name__)
        return SECONDS_AFTER_A_FAULT
    except Exception:
        log.exception("worker_failed")
        return None
