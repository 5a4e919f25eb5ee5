"""The gate lets so many through at a time, queues a few more in order, and refuses the rest at once."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread

import pytest

from panzoto.crypto import gate as module
from panzoto.crypto.gate import Gate
from panzoto.deps import build
from panzoto.errors import Overloaded
from tests.house.source import ROOT
from tests.support.configs import configured


def until(condition: Callable[[], bool]) -> None:
    """Wait until something has come about in another thread."""
    ends = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.001)


def queued(gate: Gate) -> int:
    """How many wait."""
    return len(gate._places._queue)


class Holder:
    """Threads that hold places of a gate until they are told to go."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.order: list[str] = []
        self.go = Event()
        self.threads: list[Thread] = []

    def hold(self, name: str) -> None:
        """Begin to hold a place, or to wait for one."""
        thread = Thread(target=self._hold, args=(name,))
        thread.start()
        self.threads.append(thread)

    def _hold(self, name: str) -> None:
        with self.gate.passing():
            self.order.append(name)
            self.go.wait(30)

    def release(self) -> None:
        """Let all of them go, and see them gone."""
        self.go.set()
        for thread in self.threads:
            thread.join(30)
            assert not thread.is_alive()


@pytest.mark.parametrize(
    ("cores", "settings", "at_once", "waiting"),
    [
        (2, {}, 1, 4),
        (2, {"workers": 1}, 2, 3),
        (8, {"workers": 2, "threads": 16}, 4, 5),
        (2, {"workers": 4}, 1, 4),
        (16, {"workers": 1}, 5, 0),
        (8, {"workers": 1, "threads": 2}, 1, 0),
        (8, {"threads": 1}, 1, 0),
        (2, {"hashing_at_once": 3}, 3, 2),
        (2, {"hashing_at_once": 9}, 9, 0),
    ],
)
def test_processes_share_the_cores(
    monkeypatch: pytest.MonkeyPatch, cores: int, settings: dict[str, int], at_once: int, waiting: int
) -> None:
    """The processes of one server share the cores, one place each at least, and some of their threads hash nothing."""
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    gate = build(configured("111111111111", None, **settings)).passwords.gate
    assert (gate.at_once, gate.waiting) == (at_once, waiting)


def test_never_more_than_its_number_at_a_time() -> None:
    """Of fifty threads that come again and again, at most three are inside at any moment, and all are served."""
    gate = Gate(at_once=3, waiting=50, seconds=30)
    lock = threading.Lock()
    inside, most, served = 0, 0, 0

    def come(_: int) -> None:
        nonlocal inside, most, served
        for _ in range(20):
            with gate.passing():
                with lock:
                    inside, served = inside + 1, served + 1
                    most = max(most, inside)
                time.sleep(0)
                with lock:
                    inside -= 1

    with ThreadPoolExecutor(50) as pool:
        list(pool.map(come, range(50)))
    assert (most <= 3, served, inside) == (True, 1000, 0)
    assert (gate._places._running, queued(gate)) == (0, 0)


def test_past_the_queue_is_refused_at_once() -> None:
    """With every place held and the queue full, the next hears of it without waiting, and when to come again."""
    gate = Gate(at_once=2, waiting=1, seconds=29.5)
    holder = Holder(gate)
    for name in ("first", "second"):
        holder.hold(name)
    until(lambda: len(holder.order) == 2)
    gate.expect_room()
    holder.hold("waiting")
    until(lambda: queued(gate) == 1)
    for ask in (gate.expect_room, gate.passing().__enter__):
        with pytest.raises(Overloaded) as refused:
            ask()
        assert refused.value.retry_after == 30
    holder.release()
    assert holder.order[-1] == "waiting"
    gate.expect_room()


def test_who_waits_too_long_is_refused() -> None:
    """A place that does not come free in time is a refusal, and the queue forgets who gave up."""
    gate = Gate(at_once=1, waiting=1, seconds=0.01)
    holder = Holder(gate)
    holder.hold("first")
    until(lambda: holder.order == ["first"])
    for _ in range(3):
        with pytest.raises(Overloaded) as refused, gate.passing():
            pytest.fail("let through")
        assert refused.value.retry_after == 1
    assert queued(gate) == 0
    holder.release()


def test_first_come_first_served() -> None:
    """Places go to those who wait in the order in which they came."""
    gate = Gate(at_once=1, waiting=10, seconds=30)
    holder = Holder(gate)
    names = [str(number) for number in range(8)]
    for number, name in enumerate(names):
        holder.hold(name)
        until(lambda number=number: len(holder.order) + queued(gate) == number + 1)  # type: ignore[misc]
    holder.release()
    assert holder.order == names


def test_a_fault_inside_gives_the_place_back() -> None:
    """Whatever happens inside, the place is free afterwards: a hundred threads that fail lock nobody out."""
    gate = Gate(at_once=2, waiting=100, seconds=30)

    def fail(_: int) -> str:
        try:
            with gate.passing():
                raise RuntimeError("inside")  # noqa: TRY301
        except RuntimeError as fault:
            return str(fault)

    with ThreadPoolExecutor(20) as pool:
        assert list(pool.map(fail, range(100))) == ["inside"] * 100
    assert gate._places._running == 0


@pytest.mark.parametrize("came", [False, True], ids=["still waiting", "the place just came"])
def test_an_interrupted_wait_loses_no_place(monkeypatch: pytest.MonkeyPatch, came: bool) -> None:
    """Whoever is interrupted while waiting leaves the queue, or gives back the place that came at that moment."""
    gate = Gate(at_once=1, waiting=1, seconds=30)

    class Interrupted(Event):
        def wait(self, timeout: float | None = None) -> bool:
            if came:
                gate._places.leave()
            raise KeyboardInterrupt

    monkeypatch.setattr(module, "Event", Interrupted)
    gate._places.ask()
    with pytest.raises(KeyboardInterrupt), gate.passing():
        pytest.fail("let through")
    assert queued(gate) == 0
    assert gate._places._running == (0 if came else 1)


def test_a_place_that_comes_at_the_last_moment_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A place that comes as the wait ends is used, not lost."""
    gate = Gate(at_once=1, waiting=1, seconds=30)

    class Late(Event):
        def wait(self, timeout: float | None = None) -> bool:
            gate._places.leave()
            return False

    monkeypatch.setattr(module, "Event", Late)
    gate._places.ask()
    with gate.passing():
        assert gate._places._running == 1
    assert gate._places._running == 0


FORKS = """
import os, signal, sys
from panzoto.crypto.gate import Gate
gate = Gate(at_once=1, waiting=0)
with gate.passing():
    gate._places._lock.acquire()  # as another thread may hold it at the moment of the fork
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        with gate.passing():
            pass
        assert gate._places._running == 0
    else:
        gate._places._lock.release()
if child == 0:
    assert gate._places._running == 0  # leaving what the parent had entered frees no place twice
    os._exit(7)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
assert gate._places._running == 0
"""


def test_a_child_begins_with_free_places() -> None:
    """A process forked while its parent hashes is neither locked out nor short of places."""
    subprocess.run([sys.executable, "-c", FORKS], cwd=ROOT, check=True, timeout=60)


def test_leaving_after_a_fork_touches_no_place_of_the_child() -> None:
    """What was entered before the fork is not left in the child."""
    gate = Gate(at_once=1, waiting=0)
    with gate.passing():
        gate._begin_again()
    assert gate._places._running == 0


def test_the_default_is_a_place_per_core() -> None:
    """Without being told, it lets one through for each core and queues twice as many."""
    gate = Gate()
    assert (gate.at_once, gate.waiting) == (os.cpu_count(), 2 * (os.cpu_count() or 1))


@pytest.mark.parametrize("wrong", [{"at_once": 0}, {"waiting": -1}, {"seconds": -0.1}])
def test_a_gate_that_lets_nobody_through_is_refused(wrong: dict[str, int]) -> None:
    """A gate needs a place, and a wait of at least nothing."""
    with pytest.raises(ValueError, match="at least one"):
        Gate(**wrong)
