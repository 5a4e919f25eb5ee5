"""Calls of the store beside one another: together in time, on one account, and each fault where it is asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import NoReturn

import pytest
import structlog

from panzoto.errors import StoreBusy
from panzoto.models.store import ledger
from panzoto.models.store.beside import Beside

from .conftest import Files

SECONDS = 20.0
ONE = {"file_id": "one"}


def counted(job: Callable[[], object]) -> tuple[Callable[[], object], list[int]]:
    """A job, and the threads that it was done by."""
    done: list[int] = []

    def again() -> object:
        done.append(threading.get_ident())
        return job()

    return again, done


def refused() -> NoReturn:
    """A call that the store refuses."""
    raise StoreBusy(retry_after=2)


def test_both_are_under_way_at_once() -> None:
    """What was begun goes on while whoever began it does something else."""
    met = threading.Barrier(2, timeout=SECONDS)
    pending = Beside(1).begin(met.wait)
    assert {met.wait(), pending.result()} == {0, 1}


def test_what_both_spend_is_on_one_account(files: Files) -> None:
    """A request's units and round trips are those of all of its calls; what was waited for at once counts once."""
    files.put(ONE)
    with ledger.keep("alone") as alone:
        assert files.get(ONE) is not None
    met = threading.Barrier(2, timeout=SECONDS)

    def slow() -> object:
        met.wait()
        found = files.get(ONE)
        ledger.current().waited += 100
        return found

    with ledger.keep("both") as both:
        pending = Beside(1).begin(slow)
        met.wait()
        found = files.get(ONE)
        both.waited += 80
        assert found == pending.result() == pending.result()
    assert (both.reads, both.trips) == (2 * alone.reads, 2)
    assert sum(both.units.values()) == both.reads
    assert 100 <= both.waited < 180


def test_where_nobody_is_free_whoever_asks_does_it() -> None:
    """With every thread taken nothing waits in a line: it is done at once, and once."""
    free = threading.Event()
    beside = Beside(1)
    first = beside.begin(lambda: free.wait(SECONDS))
    job, done = counted(lambda: "found")
    second = beside.begin(job)
    assert (second.result(), second.result()) == ("found", "found")
    assert done == [threading.get_ident()]
    free.set()
    assert first.result()


def test_a_machine_without_threads_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system gives no thread it is done without one, and as often as that happens."""

    def none(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    beside = Beside(1)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", none)
        assert [beside.begin(lambda: "found").result() for _ in range(3)] == ["found"] * 3
    met = threading.Barrier(2, timeout=SECONDS)
    pending = beside.begin(met.wait)
    assert {met.wait(), pending.result()} == {0, 1}


@pytest.mark.parametrize("threads", [1, 2])
def test_a_fault_is_told_to_whoever_asks(threads: int) -> None:
    """What went wrong is raised where the result is asked for, each time, and was tried once."""
    beside = Beside(threads)
    free = threading.Event()
    taken = beside.begin(lambda: free.wait(SECONDS))
    job, done = counted(refused)
    pending = beside.begin(job)
    for _ in range(2):
        with pytest.raises(StoreBusy):
            pending.result()
    assert len(done) == 1
    free.set()
    assert taken.result()


def test_a_line_says_whose_request_it_was() -> None:
    """What is logged beside has the id of the request."""
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        pending = Beside(1).begin(structlog.contextvars.get_contextvars)
    assert pending.result() == {"request_id": "r-1"}
