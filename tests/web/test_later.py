"""Work that is done after the answer: bounded, in order, and told of when it goes wrong."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from panzoto.errors import Overloaded
from panzoto.later import WAITING, Later


def test_too_much_waiting_work_is_refused() -> None:
    """What cannot be done soon is refused with Retry-After, and what was taken is done."""
    later, free = Later(), threading.Event()
    done: list[int] = []

    def job(number: int) -> None:
        assert free.wait(10)
        done.append(number)

    for number in range(WAITING):
        later.do("wait", partial(job, number))
    with pytest.raises(Overloaded):
        later.do("one too many", lambda: None)
    free.set()
    later.finish()
    assert sorted(done) == list(range(WAITING))


def test_a_fault_of_waiting_work_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    """A job that breaks, or that is refused, is a log line, and the next job is done."""
    later = Later()
    done: list[int] = []

    def breaks() -> None:
        raise RuntimeError("canary")

    def refused() -> None:
        raise Overloaded

    later.do("breaks", breaks)
    later.do("refused", refused)
    later.do("works", lambda: done.append(1))
    later.finish()
    assert done == [1]
    said = capsys.readouterr().out
    assert "job_failed" in said
    assert "job_refused" in said


def test_a_machine_without_threads_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system gives no thread it is said as for any other want of room, and what comes next is done."""

    def none(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    later = Later()
    done: list[int] = []
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", none)
        for number in range(WAITING + 1):
            with pytest.raises(Overloaded):
                later.do("refused", partial(done.append, number))
    later.do("done", partial(done.append, -1))
    later.finish()
    assert done == [-1]
