"""One run: the embedded AWS, what the backend wants to find there, the backend. What was started last ends first."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NoReturn

from botocore.exceptions import BotoCoreError, ClientError

from panzoto.cli.faults import Unreachable
from panzoto.deps import build
from panzoto.errors import PanzotoError, StoreRefused
from panzoto.local import ports
from panzoto.local.addresses import rows
from panzoto.local.children import Child
from panzoto.local.faults import CannotRun, Stop
from panzoto.local.locks import end_holder, holder
from panzoto.local.preparing import make_admin, prepare
from panzoto.local.settings import LOOPBACK
from panzoto.local.waiting import LOOK_EVERY

if TYPE_CHECKING:
    from config import Config
    from panzoto.local.folder import Folder
    from panzoto.local.screen import Screen
    from panzoto.local.settings import Settings
    from panzoto.local.signals import Signals

SECONDS_TO_START = 60.0
SECONDS_TO_LOAD = 600.0  # much data takes long to load; that the emulator died is noticed at once
SECONDS_TO_FINISH = 40.0  # gunicorn gives open requests 30
SECONDS_TO_SAVE = 900.0
SECONDS_FOR_LEFTOVERS = 60.0
EVERYWHERE = {"0.0.0.0": LOOPBACK, "::": "::1"}
OK = 200
FILLED = "It holds tables, bucket, key, secret, a sender of mail and the first admin."


class Run:
    """Everything that `make run` starts."""

    def __init__(self, settings: Settings, config: Config, folder: Folder, screen: Screen, signals: Signals) -> None:
        self._settings = settings
        self._config = config
        self._folder = folder
        self._screen = screen
        self._signals = signals
        self._emulator: Child | None = None
        self._backend: Child | None = None
        self._host = EVERYWHERE.get(config.bind, config.bind)

    def everything(self) -> NoReturn:
        """Bring it up, keep it up, bring it down. Ends with `Stop` if that was asked for, else with `CannotRun`."""
        try:
            self._clear_the_way()
            self._start_emulator()
            password = self._prepare()
            self._start_backend()
            self._screen.lines(rows(self._settings, self._folder, self._host, password))
            self._watch()
        except Stop:
            self._screen.say("\nStopping; the data is kept. (Ctrl-C again does not wait for open requests.)")
            raise
        finally:
            self._end()

    def _clear_the_way(self) -> None:
        """End what a killed run left behind, and refuse ports that are not free."""
        for name, lock in (("backend", self._folder.backend_lock), ("embedded AWS", self._folder.emulator_lock)):
            if pid := holder(lock):
                self._screen.say(f"Ending the {name} that a killed run left behind (process {pid}).")
            end_holder(lock, SECONDS_FOR_LEFTOVERS)
        port, emulator = self._settings.port, self._settings.emulator_port
        ports.refuse_taken("PORT", self._host, port, beside=emulator)
        ports.refuse_taken("EMULATOR_PORT", LOOPBACK, emulator, beside=port)

    def _start_emulator(self) -> None:
        with self._screen.step("Starting the embedded AWS", "The embedded AWS is up."):
            where = (str(self._folder.aws), str(self._settings.emulator_port))
            self._emulator = Child(
                "The embedded AWS",
                "panzoto.local.emulator",
                self._folder.emulator_lock,
                *where,
                log=self._folder.fresh_log(),
            )
            address = (LOOPBACK, self._settings.emulator_port, "/_ministack/health")
            self._wait_for(self._emulator, *address, SECONDS_TO_LOAD)

    def _prepare(self) -> str | None:
        """The first admin's password, if it is known. Tables that are not as declared are told of and left alone."""
        with self._screen.step("Looking after what the backend needs there", FILLED):
            deps = build(self._config, operator=True)
            try:
                for difference in prepare(deps, self._screen.say):
                    self._screen.complain(difference)
                return make_admin(deps, self._folder)
            except (Unreachable, PanzotoError, StoreRefused, BotoCoreError, ClientError) as fault:
                log = self._folder.emulator_log
                raise CannotRun(f"The embedded AWS could not be filled: {fault} Its log is {log}.") from fault

    def _start_backend(self) -> None:
        """No moving line: the backend's own lines are what moves."""
        arguments = [*(["--reload"] if self._settings.reload else []), "-c", "gunicorn.conf.py", "wsgi:app"]
        self._backend = Child("The backend", "panzoto.local.backend", self._folder.backend_lock, *arguments)
        self._wait_for(self._backend, self._host, self._settings.port, "/api/health", SECONDS_TO_START)

    def _wait_for(self, child: Child, host: str, port: int, path: str, seconds: float) -> None:
        """Return once it answers 200; notice if it ends, if the end is asked for, or if it takes too long."""
        ends = time.monotonic() + seconds
        while (status := ports.status(host, port, path)) != OK:
            self._look(child)
            if time.monotonic() >= ends:
                said = "not at all" if status is None else f"only {status}"
                raise CannotRun(f"{child.name} answered {said} within {seconds:.0f} seconds at {path}.")
            time.sleep(LOOK_EVERY)

    def _watch(self) -> NoReturn:
        """Look after the children until one ends or the end is asked for."""
        while True:
            for child in filter(None, (self._backend, self._emulator)):
                self._look(child)
            time.sleep(LOOK_EVERY)

    def _look(self, child: Child) -> None:
        self._signals.check()
        if child.exit_code is not None:
            raise CannotRun(f"{child.name} ended by itself {child.how_it_ended()}")

    def _end(self) -> None:
        """The backend first, so that what its last requests wrote is saved by the emulator."""
        asked = self._signals.count
        if self._backend is not None:
            self._backend.end(SECONDS_TO_FINISH, hurry=lambda: self._signals.count > asked)
        if self._emulator is not None:
            self._emulator.end(SECONDS_TO_SAVE)
