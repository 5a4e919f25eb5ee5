"""A run of the move in a process of its own, which faults of the network meet, and which may die at any moment."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import botocore.session
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from flask import Flask

import migrations.cli
from config import Config
from panzoto.deps import Deps, build
from tests.support import border
from tests.support.border import Send

# The processes are forked from one that has read botocore's descriptions of the services.
botocore.session.create_loader = cache(botocore.session.create_loader)
LOADED = [__name__, "tests.support.warm", "migrations.running", "migrations.verifying"]
SECONDS = 120
FAULTS = 0.2


@dataclass(frozen=True)
class Fate:
    """At which request the process dies, before it or after; and what the faults are drawn from."""

    seed: int
    request: int = 0
    afterwards: bool = False


def run(config: Config, arguments: list[str], fate: Fate) -> int | None:
    """Give the command in a process of its own; its exit code, negative when a signal has ended it."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(LOADED)
    process = context.Process(target=_run, args=(config, arguments, fate))
    process.start()
    process.join(SECONDS)
    assert process.exitcode is not None, "the run has not ended"
    return process.exitcode


def _run(config: Config, arguments: list[str], fate: Fate) -> None:
    deps = build(config)
    fates = _Fates(fate)

    def unlucky(*given: Any, **named: Any) -> Deps:
        made = build(*given, **named)
        border.at(made.gateway._client, then=fates)
        return made

    setattr(migrations.cli, "build", unlucky)  # noqa: B010 (the client is made in there, and nowhere else to be met)
    app = Flask("migrate")  # the command alone: routes and their documents take longer than the run
    app.extensions["panzoto"] = deps
    app.cli.add_command(migrations.cli.migrate)
    result = app.test_cli_runner().invoke(args=arguments)
    Path(arguments[arguments.index("--state") + 1], "said").write_text(result.output)
    os._exit(result.exit_code)


class _Fates:
    """What happens to each request: mostly nothing, at times a fault, and once the end."""

    def __init__(self, fate: Fate) -> None:
        self._fate = fate
        self._random = random.Random(fate.seed)
        self._lock = Lock()
        self._count = 0

    def __call__(self, request: AWSPreparedRequest, send: Send) -> AWSResponse | None:
        with self._lock:
            self._count += 1
            dies = self._count == self._fate.request
            drawn, kind = self._random.random(), self._random.randrange(4)
        if dies:
            if self._fate.afterwards:
                send(request)
            os.kill(os.getpid(), signal.SIGKILL)
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
