"""How many write units a second the move may take, so that the service keeps its share."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock


class Pace:
    """Lets units through, of all workers together, no faster than the cap. Time that was lost is not made up for."""

    def __init__(
        self,
        most: float | None,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        self._most = most
        self._clock = clock
        self._wait = wait
        self._ready = clock()
        self._lock = Lock()

    def take(self, units: float) -> None:
        """Wait until so many units may be asked for."""
        if self._most is None:
            return
        with self._lock:
            now = self._clock()
            begins = max(self._ready, now)
            self._ready = begins + units / self._most
        if begins > now:
            self._wait(begins - now)

    def correct(self, units: float) -> None:
        """Count what an answer says beyond what was expected, so that the next wait is as long as it must be."""
        if self._most is not None:
            with self._lock:
                self._ready += units / self._most
