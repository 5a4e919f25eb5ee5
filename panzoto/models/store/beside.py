"""Calls of the store beside one another: those that need nothing of each other are waited for together."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from threading import Semaphore
from typing import Generic, TypeVar

from . import ledger
from .ledger import Ledger

Found = TypeVar("Found")


class Pending(Generic[Found]):
    """What somebody is finding out, for whoever has asked. It is found out once, and may be asked for again."""

    def __init__(self, job: Callable[[], Found]) -> None:
        self._job = job
        self._found: Future[Found] = Future()
        self._spent: Ledger | None = None
        self.is_begun = False

    def begin(self, threads: ThreadPoolExecutor, done: Callable[[], None]) -> None:
        """Have a thread do it, on an account of its own: two that count in one would lose a count."""
        self.is_begun = True
        self._spent = ledger.current().beside()
        threads.submit(copy_context().run, self._do, self._spent).add_done_callback(lambda _: done())

    def result(self) -> Found:
        """What was found, or what went wrong. Whoever asks does it where no thread has begun."""
        if not self.is_begun:
            self.is_begun = True
            self._do(ledger.current())
        try:
            return self._found.result()
        finally:
            if self._spent is not None:
                ledger.current().join(self._spent)
                self._spent = None

    def _do(self, account: Ledger) -> None:
        with ledger.on(account):
            try:
                self._found.set_result(self._job())
            except BaseException as fault:  # noqa: BLE001 (it is raised where the result is asked for)
                self._found.set_exception(fault)


class Beside:
    """Threads for what is found out meanwhile; they begin when they are needed, so that none is lost in a fork."""

    def __init__(self, threads: int) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="beside")
        self._free = Semaphore(threads)

    def begin(self, job: Callable[[], Found]) -> Pending[Found]:
        """Begin to find something out. Where every thread is taken, it is done when it is asked for: not later."""
        pending = Pending(job)
        if self._free.acquire(blocking=False):
            pending.begin(self._threads, self._free.release)
        return pending
