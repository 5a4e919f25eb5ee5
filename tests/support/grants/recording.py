"""Every call that the tests' clients of AWS make, each kind once, in a file of the process that made it.

Calls are made by whoever asked for them: the service, an operator's command, `make run`, or a test by itself. The
frames of the call tell.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from types import FrameType
from typing import Any

import orjson

from config import Config
from panzoto.aws.clients import Clients
from panzoto.aws.direct import DirectCalls

from .actions import Needs

# Names a folder for what is recorded; processes that a test starts find it there too.
VARIABLE = "PANZOTO_TEST_CALLS"
SERVICE, OPERATOR, MACHINE, TEST = "service", "operator", "make run", "test"
# Flows that only commands begin.
OPERATORS = ("sweep_audio", "sweep_decrypted", "oauth.rewrap")
# Who is meant by a frame of a module. A frame of the service makes a call the service's, unless there is another above.
MADE_BY = {
    OPERATOR: ("panzoto.cli.", "migrations.", *(f"panzoto.flows.{each}." for each in OPERATORS)),
    MACHINE: ("panzoto.local.",),
    SERVICE: ("panzoto.blueprints.", "panzoto.web.", "panzoto.flows.", "panzoto.deps", "panzoto.workers", "gunicorn."),
}
# A command that is a unit of the service's, under its role.
WORK = ("panzoto.cli.audio", "do_work")
Seen = tuple[str, str, str, Any]


def install(folder: str) -> None:
    """From now on every client that `Clients` makes in this process records; a second time changes nothing."""
    make = Clients.__init__
    if hasattr(make, "__wrapped__"):
        return
    recorder = Recorder(Path(folder))

    @wraps(make)
    def make_recording(self: Clients, config: Config) -> None:
        make(self, config)
        self._session.events.register("provide-client-params", recorder.hook(Needs(config)))

    Clients.__init__ = make_recording  # type: ignore[method-assign]
    _tell_of_direct_calls()


def _tell_of_direct_calls() -> None:
    """The short way to DynamoDB leaves botocore's event out, which recorders listen to."""
    send = DirectCalls._sent

    def telling(self: DirectCalls, operation: str, params: dict[str, Any]) -> Any:
        model = self.meta.service_model.operation_model(operation)
        self.meta.events.emit(f"provide-client-params.dynamodb.{operation}", params=params, model=model, context={})
        return send(self, operation, params)

    DirectCalls._sent = telling  # type: ignore[method-assign]


class Recorder:
    """Writes a line for every kind of call, when it is first made."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: set[Seen] = set()

    def hook(self, needs: Needs) -> Callable[..., None]:
        """What botocore calls before each of its own calls, and before it signs an address."""

        def note(params: dict[str, Any], model: Any, **_: Any) -> None:
            who = caller()
            for need in needs.of(model.service_model.service_name, model.name, params):
                seen = (who, need.action, need.resource, need.context)
                if seen not in self._known:
                    self._known.add(seen)
                    self._write(seen)

        return note

    def _write(self, seen: Seen) -> None:
        """Append it at once: a process may be killed."""
        where = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]
        line = orjson.dumps([*seen, where]) + b"\n"
        with (self._folder / f"{os.getpid()}.jsonl").open("ab") as file:
            file.write(line)


_roles: dict[tuple[str, str], str] = {}


def caller() -> str:
    """Who makes the call that is under way."""
    found = TEST
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        place = frame.f_globals.get("__name__", ""), frame.f_code.co_name
        role = _roles.get(place)
        if role is None:
            role = _roles[place] = _role(*place)
        if role != TEST:
            if role != SERVICE:
                return role
            found = role
        frame = frame.f_back
    return found


def _role(module: str, function: str) -> str:
    if (module, function) == WORK:
        return SERVICE
    for role, modules in MADE_BY.items():
        if f"{module}.".startswith(modules):
            return role
    return TEST
