"""The gate before every password hash: so many at once, a short queue, and a quick refusal past it."""

from __future__ import annotations

import math
import os
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock
from weakref import WeakMethod

from panzoto.errors import Overloaded

WAITING_PER_PLACE = 2
SECONDS = 2.0


class _Places:
    """The places of one process: who runs is a number, who waits is a queue of events, first come first served."""

    def __init__(self, at_once: int, waiting: int) -> None:
        self._at_once, self._waiting = at_once, waiting
        self._lock = Lock()
        self._running = 0
        self._queue: deque[Event] = deque()

    def ask(self) -> Event | None:
        """Take a place, or a number in the queue to wait for; `LookupError` when both are full."""
        with self._lock:
            if self._running < self._at_once:
                self._running += 1
                return None
            if len(self._queue) >= self._waiting:
                raise LookupError
            turn = Event()
            self._queue.append(turn)
            return turn

    def is_full(self) -> bool:
        """Whether whoever asked now would be refused."""
        with self._lock:
            return self._running >= self._at_once and len(self._queue) >= self._waiting

    def give_up(self, turn: Event) -> bool:
        """Leave the queue; False when the place came at the same moment, and is held."""
        with self._lock:
            if turn.is_set():
                return False
            self._queue.remove(turn)
            return True

    def leave(self) -> None:
        """Hand the place to the first who waits. It changes hands, so nobody can overtake."""
        with self._lock:
            if self._queue:
                self._queue.popleft().set()
            else:
                self._running -= 1


class Gate:
    """Lets `at_once` callers of this process through at a time; `waiting` more wait for up to `seconds`.

    What one hash takes in memory, times `at_once`, is then all that hashing takes. After a fork the child begins
    with every place free: what its parent's threads were doing is not its own.
    """

    def __init__(self, at_once: int | None = None, waiting: int | None = None, seconds: float = SECONDS) -> None:
        self.at_once = at_once if at_once is not None else os.cpu_count() or 1
        self.waiting = waiting if waiting is not None else self.at_once * WAITING_PER_PLACE
        self.seconds = seconds
        if self.at_once < 1 or self.waiting < 0 or seconds < 0:
            raise ValueError("a gate lets at least one through, and nobody waits for less than no time")
        self._places = _Places(self.at_once, self.waiting)
        begin_again = WeakMethod(self._begin_again)
        os.register_at_fork(after_in_child=lambda: (again := begin_again()) and again())

    def _begin_again(self) -> None:
        self._places = _Places(self.at_once, self.waiting)

    def expect_room(self) -> None:
        """Raise `Overloaded` if a caller would be refused now: to be asked before work that would be for nothing.

        Where strangers are many, most of them are refused; what each costs before is what everybody else waits for.
        """
        if self._places.is_full():
            raise self._overloaded()

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Hold a place for as long as the block runs; `Overloaded` when none comes free in time."""
        places = self._places
        self._enter(places)
        try:
            yield
        finally:
            if places is self._places:  # a child forked in here holds no place of its own
                places.leave()

    def _enter(self, places: _Places) -> None:
        try:
            turn = places.ask()
        except LookupError:
            raise self._overloaded() from None
        if turn is None:
            return
        try:
            turn.wait(self.seconds)
        except BaseException:
            if not places.give_up(turn):
                places.leave()
            raise
        if places.give_up(turn):
            raise self._overloaded()

    def _overloaded(self) -> Overloaded:
        return Overloaded(retry_after=max(1, math.ceil(self.seconds)))
