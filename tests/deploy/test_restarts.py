"""Processes come and go while people record: what was answered is kept, and nobody is turned away."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator

import orjson
import pytest

from panzoto.deps import build
from tests.support import server as gunicorn
from tests.support.configs import configured
from tests.support.effort import tried_in_ci
from tests.support.nginx import Nginx, nginx_before

from .conftest import JSON, PERSON, Stack
from .load import PEOPLE, load
from .units import Door

SECONDS = 120


def until(met: Callable[[], bool]) -> None:
    """Wait for something."""
    ends = time.monotonic() + SECONDS
    while not met():
        assert time.monotonic() < ends
        time.sleep(0.02)  # between two looks; the deadline above is what decides


@pytest.fixture(scope="module")
def two(environ: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Two processes behind nginx, and somebody who has signed in."""
    with (
        gunicorn.serving(environ | {"WEB_CONCURRENCY": "2", "THREADS": "4"}) as server,
        nginx_before(server.port, tmp_path_factory.mktemp("nginx")) as nginx,
    ):
        yield Stack(nginx, server, signed_in(nginx))


def signed_in(nginx: Nginx) -> str:
    """The token of somebody who registers, or has registered already."""
    body = orjson.dumps(PERSON)
    nginx.ask("POST", "/api/register", body, JSON)
    return str(orjson.loads(nginx.ask("POST", "/api/login", body, JSON).body)["token"])


def test_a_reload_under_load_drops_nothing(two: Stack) -> None:
    """`kill -HUP` gives every process a successor; each request meanwhile is answered as ever."""
    before = two.server.workers()
    with load(two.nginx, two.headers) as people:
        two.server.process.send_signal(signal.SIGHUP)
        until(lambda: not two.server.workers() & before and len(two.server.workers()) == len(before))
        people.grows()
    assert (set(people.statuses), people.broken) == ({201}, [])


def test_what_was_answered_outlives_a_killed_worker(two: Stack, ministack: str, account: str) -> None:
    """`kill -9` of a process costs the requests that it had in hand, a 503 each, and nothing that it answered."""
    with load(two.nginx, two.headers) as people:
        victim = min(two.server.workers())
        os.kill(victim, signal.SIGKILL)
        until(lambda: victim not in two.server.workers() and len(two.server.workers()) == 2)
        people.grows()
    assert set(people.statuses) <= {201, 503}
    assert people.statuses.count(503) <= PEOPLE
    assert people.broken == []
    files = build(configured(account, ministack)).audio_files
    assert all(files.look(each) is not None for each in people.recorded)


@tried_in_ci
def test_an_upgrade_turns_nobody_away(environ: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> None:
    """The two servers of the units are started again in turn, behind the door that systemd holds open."""
    folder = tmp_path_factory.mktemp("door")
    with Door(environ, folder) as door, nginx_before(door.port, folder / "nginx") as nginx:
        for name in ("1", "2"):
            door.start(name)
        with load(nginx, JSON | {"Authorization": f"Bearer {signed_in(nginx)}"}) as people:
            door.restart("1")
            people.grows()
            door.stop("2")
            people.grows()
        assert (set(people.statuses), people.broken) == ({201}, [])
        figures = door.metrics(nginx)
    assert figures >= len(people.statuses)
