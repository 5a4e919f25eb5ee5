"""A run of the move in a process of its own, which faults of the network meet, and which is killed in its work."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Event, Lock
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from flask import Flask

import panzoto.cli  # noqa: F401 (the commands; theirs among them)
from config import Config
from migrations import cli
from panzoto.cli import operating
from panzoto.deps import Deps, build
from tests.support import border
from tests.support.border import Send
from tests.support.races import forking

SECONDS = 120
FAULTS = 0.2


@dataclass(frozen=True)
class Fate:
    """At which of its calls of DynamoDB the process is killed, 0 for never; and what the faults are drawn from."""

    seed: int
    call: int = 0


def run(config: Config, arguments: list[str], fate: Fate) -> int | None:
    """Give the command in a process of its own; its exit code, negative when a signal has ended it.

    A process that is to be killed tells of the call and waits in it, while its other threads go on: it cannot end by
    itself, and we need no luck to kill it at work. One that ends before that call is an `EOFError`.
    """
    context = forking()
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(config, arguments, fate, theirs))
    process.start()
    theirs.close()
    if fate.call:
        assert ours.poll(SECONDS), "the run has not come to that call"
        assert ours.recv() == fate.call
        process.kill()
    process.join(SECONDS)
    assert process.exitcode is not None, "the run has not ended"
    return process.exitcode


def _run(config: Config, arguments: list[str], fate: Fate, tell: Connection) -> None:
    deps = build(config)
    fates = _Fates(fate, tell)

    def unlucky(*given: Any, **named: Any) -> Deps:
        made = build(*given, **named)
        border.at(made.gateway._client, then=fates)
        return made

    setattr(operating, "build", unlucky)  # noqa: B010 (the client is made in there, and nowhere else to be met)
    app = Flask("migrate")  # the command alone: routes and their documents take longer than the run
    app.extensions["panzoto"] = deps
    app.cli.add_command(cli.migrate)
    result = app.test_cli_runner().invoke(args=arguments)
    Path(arguments[arguments.index("--state") + 1], "said").write_text(result.output)
    os._exit(result.exit_code)


class _Fates:
    """What happens to each request: mostly nothing, at times a fault, and once the end."""

    def __init__(self, fate: Fate, tell: Connection) -> None:
        self._fate = fate
        self._tell = tell
        self._random = random.Random(fate.seed)
        self._lock = Lock()
        self._count = 0

    def __call__(self, request: AWSPreparedRequest, send: Send) -> AWSResponse | None:
        with self._lock:
            self._count += 1
            number = self._count
            drawn, kind, afterwards = self._random.random(), self._random.randrange(4), self._random.random() < 0.5
        if number == self._fate.call:
            if afterwards:  # it has happened, and nobody lives to hear of it
                send(request)
            self._tell.send(number)
            Event().wait()
        if drawn >= FAULTS:
            return None
        if kind == 0:
            return border.refuses("ThrottlingException")(request, send)
        if kind == 1:
            return border.refuses("InternalServerError", 500)(request, send)
        if kind == 2:
            raise ConnectionClosedError(endpoint_url=request.url)
        send(request)  # it has happened, and nobody hears of it
        raise ReadTimeoutError(endpoint_url=request.url)
