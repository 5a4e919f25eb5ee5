"""Waiting for something that another process does."""

from __future__ import annotations

import time
from collections.abc import Callable

LOOK_EVERY = 0.05


def until(happened: Callable[[], bool], seconds: float) -> bool:
    """Whether it happened within so many seconds."""
    ends = time.monotonic() + seconds
    while not happened():
        if time.monotonic() >= ends:
            return False
        time.sleep(LOOK_EVERY)
    return True
