"""Refusals that are given a while later, and need no thread until then: whoever is refused asks again no sooner.

A flood is refused as quickly as it asks, and the refusals are what everybody else would stand in line with. Each
is late by a while of its own, so that those who were refused together do not come back together.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator
from heapq import heappop, heappush
from itertools import count
from typing import Any

# In the environment of a request: its answer is to be late.
LATE = "panzoto.late"
SECONDS = (0.75, 2.25)
MOST = 128

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Parked(Exception):
    """An answer that is made, and not sent: `response` is gunicorn's, which has its head."""

    def __init__(self, response: Any, body: bytes) -> None:
        super().__init__("an answer is given later")
        self._response, self._body = response, body

    @property
    def is_last(self) -> bool:
        """Whether its connection ends with it."""
        return bool(self._response.should_close())

    def give(self, *, is_last: bool) -> bool:
        """Send it; whether its connection may be asked again."""
        if is_last:
            self._response.force_close()
        self._response.write(self._body)
        self._response.close()
        return not self.is_last


def parking(app: Wsgi) -> Wsgi:
    """The application, which raises `Parked` in place of an answer that is to be late."""

    def called(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        body = app(environ, start_response)
        if LATE not in environ:
            return body
        try:
            raise Parked(start_response.__self__, b"".join(body))  # gunicorn gives a method of its response
        finally:
            body.close()  # type: ignore[attr-defined]  # as werkzeug makes them

    return called


class Park:
    """Who waits, the next first. The main thread of a worker alone touches it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._numbers = count()  # they tell two of the same moment apart
        self._waiting: list[tuple[float, int, Any]] = []
        self.is_over = False

    def take(self, what: Any) -> None:
        """Keep something for a while; not at all where too much waits."""
        late = random.uniform(*SECONDS) if len(self._waiting) < MOST else 0.0  # noqa: S311 (it guards nothing)
        heappush(self._waiting, (self._clock() + late, next(self._numbers), what))

    def end(self) -> None:
        """From now on nothing waits."""
        self.is_over = True

    def quiet_for(self, seconds: float) -> float:
        """For how long nothing is due, at most `seconds`."""
        if not self._waiting:
            return seconds
        return 0.0 if self.is_over else min(seconds, max(0.0, self._waiting[0][0] - self._clock()))

    def take_due(self) -> Iterator[Any]:
        """Whatever is due; it does not wait any more."""
        while self._waiting and (self.is_over or self._waiting[0][0] <= self._clock()):
            yield heappop(self._waiting)[2]
