"""How fast a command goes through much: so many a second, so that the service keeps its share of what there is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

Each = TypeVar("Each")


def paced(
    things: Iterable[Each],
    per_second: int,
    *,
    clock: Callable[[], float] = time.monotonic,
    wait: Callable[[float], None] = time.sleep,
) -> Iterator[Each]:
    """The same things, no more than so many in each second. Time that was lost is not made up for."""
    ready = clock()
    for each in things:
        if (ahead := ready - clock()) > 0:
            wait(ahead)
        ready = max(ready, clock()) + 1 / per_second
        yield each


def in_chunks(things: Iterable[Each], size: int) -> Iterator[list[Each]]:
    """The same things, so many at a time."""
    left = iter(things)
    while chunk := list(islice(left, size)):
        yield chunk
