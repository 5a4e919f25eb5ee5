"""A clock that goes when it is told to."""

from __future__ import annotations


class Clock:
    """Its reading is the time; waiting moves it and takes none."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        """Wait, and remember how long."""
        self.waits.append(seconds)
        self.now += seconds

    def goes(self, seconds: float) -> None:
        """Time goes by."""
        self.now += seconds
