"""Calls beside one another: those that need nothing of each other are waited for together, on one ledger."""

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
    """What a thread finds out for the one that has asked. It is found out once, and may be looked at again."""

    def __init__(self, future: Future[Found], spent: Ledger | None = None) -> None:
        self._future, self._spent = future, spent

    def result(self) -> Found:
        """What was found, or what went wrong."""
        try:
            return self._future.result()
        finally:
            if self._spent is not None:
                ledger.current().join(self._spent)
                self._spent = None


class Beside:
    """Threads for what is found out meanwhile; they begin when they are needed, so that none is lost in a fork."""

    def __init__(self, threads: int) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="beside")
        self._free = Semaphore(threads)

    def begin(self, job: Callable[[], Found]) -> Pending[Found]:
        """Begin to find something out. Where no thread is free, or can be had, it is done before this returns."""
        if self._free.acquire(blocking=False):
            spent = ledger.current().beside()  # two that count in one would lose a count
            try:
                future = self._threads.submit(copy_context().run, _on, spent, job)
            except RuntimeError:  # the system has no more threads, or the process ends
                self._free.release()
            else:
                future.add_done_callback(lambda _: self._free.release())
                return Pending(future, spent)
        return Pending(_done(job))


def _on(spent: Ledger, job: Callable[[], Found]) -> Found:
    with ledger.on(spent):
        return job()


def _done(job: Callable[[], Found]) -> Future[Found]:
    """The outcome of a job, done by whoever asks."""
    future: Future[Found] = Future()
    try:
        future.set_result(job())
    except Exception as fault:  # noqa: BLE001 (it is raised where the result is asked for)
        future.set_exception(fault)
    return future
