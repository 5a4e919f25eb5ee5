"""Calls beside one another: those that need nothing of each other are waited for together, on one ledger."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from threading import Lock
from typing import Generic, TypeVar

from . import ledger
from .ledger import Ledger

Found = TypeVar("Found")


class Pending(Generic[Found]):
    """What is found out beside whoever has asked: once, and they may look at it until they are done."""

    def __init__(self, future: Future[Found], spent: Ledger | None, done: Callable[[], None]) -> None:
        self._future, self._spent, self._done = future, spent, done

    def result(self) -> Found:
        """What was found, or what went wrong."""
        try:
            return self._future.result()
        finally:
            if self._spent is not None:
                ledger.current().join(self._spent)
                self._spent = None

    def done(self) -> None:
        """Whoever has asked is done with all that they do, and another may be helped."""
        del self._future  # a fault in it knows who has asked, and they know it: neither would ever go
        self._done()


class Beside:
    """Threads for what is found out meanwhile, for so many askers at once that each has one; a crowd goes without.

    Where many ask at once a process works all the time, and a call that is waited for keeps nobody from work: another
    thread costs then, and brings nothing. They begin when they are needed, so that none is lost in a fork.
    """

    def __init__(self, threads: int) -> None:
        self._most = threads
        self._threads = self._pool()
        self._lock = Lock()
        self._asking = 0

    def begin(self, job: Callable[[], Found]) -> Pending[Found]:
        """Begin to find something out. In a crowd, or where no thread can be had, it is done before this returns."""
        with self._lock:
            self._asking += 1
            is_crowd = self._asking > self._most
        if not is_crowd:
            spent = ledger.current().beside()  # two that count in one would lose a count
            try:
                return Pending(self._threads.submit(copy_context().run, _on, spent, job), spent, self._leave)
            except RuntimeError:  # the system has no more threads, or the process ends
                self._threads = self._pool()  # the old one keeps the job, for a thread that may come
        return Pending(_tried(job), None, self._leave)

    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._most, thread_name_prefix="beside")

    def _leave(self) -> None:
        with self._lock:
            self._asking -= 1


def _on(spent: Ledger, job: Callable[[], Found]) -> Found:
    with ledger.on(spent):
        return job()


def _tried(job: Callable[[], Found]) -> Future[Found]:
    """The outcome of a job, done by whoever asks."""
    future: Future[Found] = Future()
    try:
        future.set_result(job())
    except Exception as fault:  # noqa: BLE001 (it is raised where the result is asked for)
        future.set_exception(fault)
    try:
        return future
    finally:
        del future  # from which a fault would lead back to itself
