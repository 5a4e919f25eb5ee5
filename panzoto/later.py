"""Work that is done after the answer: a few threads, a bounded queue, and no fault that nobody hears of."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Condition

import structlog

from panzoto.errors import Overloaded, PanzotoError

THREADS = 2
WAITING = 200
RETRY_AFTER = 5

Job = Callable[[], None]
log = structlog.get_logger()


class Later:
    """Takes jobs, in order. Its threads begin with the first job, so that none is lost in a fork."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="later")
        self._changed = Condition()
        self._taken = 0

    def do(self, what: str, job: Job) -> None:
        """Do a job soon; `Overloaded` when too many wait, or the system has no thread, and then it is not done."""
        with self._changed:
            if self._taken >= WAITING:
                raise Overloaded(retry_after=RETRY_AFTER)
            self._taken += 1
        waiting = deque([job])
        try:
            self._threads.submit(self._done, what, waiting)
        except RuntimeError as no_thread:  # the pool has it all the same, for a thread that may come: nothing is in it
            if _take(waiting) is not None:
                self._leave()
                raise Overloaded(retry_after=RETRY_AFTER) from no_thread

    def finish(self) -> None:
        """Wait until all that was asked for is done, and what that has asked for."""
        with self._changed:
            self._changed.wait_for(lambda: self._taken == 0)

    def _done(self, what: str, waiting: deque[Job]) -> None:
        if (job := _take(waiting)) is None:
            return
        try:
            job()
        except PanzotoError as refused:
            log.warning("job_refused", job=what, why=type(refused).__name__)
        except Exception:
            log.exception("job_failed", job=what)
        finally:
            self._leave()

    def _leave(self) -> None:
        with self._changed:
            self._taken -= 1
            self._changed.notify_all()


def _take(waiting: deque[Job]) -> Job | None:
    """The job, for whoever takes it first; None for everybody after."""
    try:
        return waiting.pop()
    except IndexError:
        return None
