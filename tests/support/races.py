"""Acts that several processes do at the same moment, each with a client of its own."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerContext
from multiprocessing.synchronize import Barrier

from config import Config
from panzoto.deps import Deps, build
from panzoto.errors import Conflict
from panzoto.flows.admin.first_admin import first_admin
from panzoto.models.spec import AUDIO_FILES
from panzoto.models.store.expressions import Attr, Change
from panzoto.models.table import Table
from tests.support.light import lightly
from tests.support.tables import EVERYTHING

Act = Callable[[Deps, int], object]
SECONDS = 60
COUNTS = 5
KEY = {"file_id": "prize"}
# Imported once, before the processes are forked.
LOADED = [__name__, "tests.support.phones", "tests.support.warm"]
_line: Barrier


class Files(Table):
    """Records of files."""

    spec = replace(AUDIO_FILES, operations=EVERYTHING)


class Racers:
    """Processes that wait to be told what to race for."""

    def __init__(self, pool: ProcessPoolExecutor, count: int) -> None:
        self._pool = pool
        self.count = count

    def race(self, config: Config, act: Act) -> list[object]:
        """What the act returned in each process; None where it lost."""
        started = [self._pool.submit(_run, config, act, number) for number in range(self.count)]
        return [each.result(SECONDS) for each in started]


def forking() -> ForkServerContext:
    """How processes are made that have nothing of each other's, and load nothing again.

    Whoever makes the first process decides what all later ones find loaded: so everybody makes them by this.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(LOADED)
    return context


@contextmanager
def racers(count: int) -> Iterator[Racers]:
    """So many processes, until the block ends; they end, too, when this process is killed."""
    context = forking()
    with ProcessPoolExecutor(count, context, _begin, (context.Barrier(count),)) as pool:
        yield Racers(pool, count)


def _begin(line: Barrier) -> None:
    global _line  # noqa: PLW0603 (a process of the pool is given what it shares with the others once, here)
    _line = line
    parent = multiprocessing.parent_process()
    assert parent is not None
    sentinel = parent.sentinel
    threading.Thread(target=lambda: (wait([sentinel]), os._exit(1)), daemon=True).start()


def _run(config: Config, act: Act, number: int) -> object:
    deps = lightly(build(config))
    deps.users.get({"user_id": "warm"})  # the connection is there before the line is crossed
    _line.wait(SECONDS)
    try:
        return act(deps, number)
    except Conflict:
        return None


# ── acts ────────────────────────────────────────────────────────────────────────────────────────────────────────
def claim(deps: Deps, _: int) -> object:
    """Become the first administrator."""
    return first_admin(deps, "first@example.com", "a password of some length").user_id


def change(deps: Deps, number: int) -> object:
    """Change what nobody has changed yet."""
    files = Files(deps.gateway, deps.config.audio_files_table)
    return files.update(KEY, Change(set={"version": 1, "by": number}), when=Attr("version").eq(0))["by"]


def take(deps: Deps, _: int) -> object:
    """Delete what is there."""
    return Files(deps.gateway, deps.config.audio_files_table).delete(KEY, when=Attr("file_id").exists())


def count(deps: Deps, _: int) -> object:
    """Count several times."""
    files = Files(deps.gateway, deps.config.audio_files_table)
    return [files.update(KEY, Change(add={"hits": 1}))["hits"] for _ in range(COUNTS)]
