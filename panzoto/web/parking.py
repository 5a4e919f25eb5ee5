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
from typing import Any, NamedTuple

LATE = "panzoto.answered_late"  # in the environment of a request
SECONDS = (0.75, 2.25)
MOST = 256

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Parked(Exception):
    """An answer that is made, and not sent: `response` is gunicorn's, which has its head."""

    def __init__(self, response: Any, body: bytes) -> None:
        super().__init__("an answer is given later")
        self._response, self._body = response, body

    def be_last(self) -> None:
        """Have its connection end with it."""
        self._response.force_close()

    def give(self) -> bool:
        """Send it; whether its connection may be asked again."""
        self._response.write(self._body)
        self._response.close()
        return not self._response.should_close()


def parking(app: Wsgi) -> Wsgi:
    """The application, which raises `Parked` where its answer is given later."""

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        body = app(environ, start_response)
        if LATE not in environ:
            return body
        try:
            raise Parked(start_response.__self__, b"".join(body))
        finally:
            body.close()  # type: ignore[attr-defined]  # as werkzeug makes them

    return answer


class _Waiting(NamedTuple):
    """When which connection gets its answer; the number tells two of the same moment apart."""

    due: float
    number: int
    connection: Any
    answer: Parked


class Park:
    """What waits, the next first. The main thread of a worker alone touches it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._waiting: list[_Waiting] = []
        self._numbers = count()

    def take(self, connection: Any, answer: Parked) -> None:
        """Keep an answer for a while; none at all where too many wait."""
        late = random.uniform(*SECONDS) if len(self._waiting) < MOST else 0.0  # noqa: S311 (it guards nothing)
        heappush(self._waiting, _Waiting(self._clock() + late, next(self._numbers), connection, answer))

    def quiet_for(self, seconds: float, *, is_over: bool) -> float:
        """For how long nothing is due, at most `seconds`; nothing waits where all is over."""
        if not self._waiting:
            return seconds
        return 0.0 if is_over else min(seconds, max(0.0, self._waiting[0].due - self._clock()))

    def due(self, *, is_over: bool) -> Iterator[tuple[Any, Parked]]:
        """Which connection gets its answer now; all of them where all is over."""
        while self._waiting and (is_over or self._waiting[0].due <= self._clock()):
            waiting = heappop(self._waiting)
            yield waiting.connection, waiting.answer
