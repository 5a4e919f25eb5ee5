"""Calls of the store beside one another: together in time, on one account, and each fault where it is asked for."""

from __future__ import annotations

import gc
import threading
import weakref
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


def test_a_crowd_goes_without() -> None:
    """Where more ask at once than there are threads, the others do it themselves, until one is done."""
    beside = Beside(1)
    first, by_first = counted(lambda: "found")
    job, by = counted(lambda: "found")
    pending = beside.begin(first)
    assert pending.result() == "found"
    others = [beside.begin(job), beside.begin(job)]
    assert [each.result() for each in (*others, *others)] == ["found"] * 4
    assert by == [threading.get_ident()] * 2
    for each in (pending, *others):
        each.done()
    assert beside.begin(job).result() == "found"
    assert by[-1:] == by_first != [threading.get_ident()]


def test_a_machine_without_threads_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system gives no thread it is done without one, as often as that happens, and only once."""

    def none(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    beside = Beside(1)
    job, by = counted(lambda: "found")
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", none)
        for _ in range(3):
            pending = beside.begin(job)
            assert pending.result() == "found"
            pending.done()
    met = threading.Barrier(2, timeout=SECONDS)
    helped = beside.begin(met.wait)
    assert {met.wait(), helped.result()} == {0, 1}
    assert by == [threading.get_ident()] * 3


@pytest.mark.parametrize("before", [0, 1])
def test_a_fault_keeps_nobody(before: int) -> None:
    """When whoever asked is done, nothing of theirs waits for the collector because of what went wrong."""

    class Request:
        """Something of whoever asks."""

    def asks(beside: Beside) -> weakref.ref[Request]:
        request = Request()
        pending = beside.begin(refused)
        with pytest.raises(StoreBusy):
            pending.result()
        pending.done()
        return weakref.ref(request)

    beside = Beside(1)
    for _ in range(before):
        assert beside.begin(lambda: True).result()
    gc.disable()
    try:
        assert asks(beside)() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("before", [0, 1])
def test_a_fault_is_told_to_whoever_asks(before: int) -> None:
    """What went wrong is raised where the result is asked for, each time; it was tried once, beside or in a crowd."""
    beside = Beside(1)
    for _ in range(before):
        assert beside.begin(lambda: True).result()
    job, done = counted(refused)
    pending = beside.begin(job)
    for _ in range(2):
        with pytest.raises(StoreBusy):
            pending.result()
    assert len(done) == 1


def test_a_line_says_whose_request_it_was() -> None:
    """What is logged beside has the id of the request."""
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        pending = Beside(1).begin(structlog.contextvars.get_contextvars)
    assert pending.result() == {"request_id": "r-1"}
