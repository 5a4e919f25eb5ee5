"""Signed-in requests through the whole application, against a bare Flask route with boto3's default client.

Both run in a gunicorn of one process and eight threads and meet a DynamoDB that knows its answers. Ours checks the
token and the session, which is the one GetItem; it writes its log line, counts its metrics and sets its headers. The
bare route asks nobody who calls, so that its list is one call and ours is two; once more it makes both. The figures
are CPU of the server for a request, and requests a second by wrk. The goals: 1.0 times the bare route's requests a
second, and 1.8 for the list.
"""

from __future__ import annotations

from contextlib import ExitStack

from benchmarks.account import Account, account
from benchmarks.canned import answering
from benchmarks.measuring import Measured, measured
from benchmarks.serving import Load, Serving, gunicorn
from tests.support.server import environment

VERSIONS_OF = ("flask", "gunicorn", "boto3", "orjson")
ROUNDS = 7
SECONDS = 1
LATENCIES = (0.0, 0.004)
BARE = ("-c", "benchmarks/plain.py", "benchmarks.bare:app")
OURS = ("-c", "gunicorn.conf.py", "wsgi:app")
ITEM = {"bare route, an item": "/item", "ours, an item": "/api/v1/auth/me"}
LIST = {"bare route, 25": "/list", "bare route, an item and 25": "/both", "ours, 25": "/api/v1/audio-files?limit=25"}
_notes: list[str] = []


def run() -> list[Measured]:
    """CPU for a request; what each served is in the notes."""
    _notes.clear()
    known = account()
    found = []
    for latency in LATENCIES:
        with ExitStack() as stack:
            address = stack.enter_context(answering(known.rules, latency))
            environ = environment(address, "111111111111", WEB_CONCURRENCY="1", AWS_DEFAULT_REGION="us-east-1")
            servers = [stack.enter_context(gunicorn(environ, *which)) for which in (BARE, OURS)]
            for paths in (ITEM, LIST):
                loads = _rounds(servers, paths, known)
                far = f", {latency * 1000:.0f} ms away" if latency else ""
                found += _by_cpu(loads, far)
                _notes.append(_throughput(loads, far))
    return found


def notes() -> list[str]:
    """Requests a second, against the first."""
    return _notes


def _rounds(servers: list[Serving], paths: dict[str, str], known: Account) -> dict[str, list[Load]]:
    loads: dict[str, list[Load]] = {name: [] for name in paths}
    for number in range(ROUNDS + 1):
        for name, path in list(paths.items())[:: 1 if number % 2 else -1]:
            server = servers[name.startswith("ours")]
            load = server.load(path, SECONDS, token=known.token if server is servers[1] else None)
            if load.refused:
                raise RuntimeError(f"{name}: {load.refused} of {load.requests} were refused")
            if number:  # the first round warms up
                loads[name].append(load)
    return loads


def _by_cpu(loads: dict[str, list[Load]], far: str) -> list[Measured]:
    first = [each.cpu_each for each in next(iter(loads.values()))]
    return [measured(f"{name}{far}", [each.cpu_each for each in own], first) for name, own in loads.items()]


def _throughput(loads: dict[str, list[Load]], far: str) -> str:
    first = [1 / each.a_second for each in next(iter(loads.values()))]
    rows = [measured(name, [1 / each.a_second for each in own], first) for name, own in loads.items()]
    said = [f"{row.name} {1e6 / row.median:.0f} ({1 / row.ratio:.2f})" for row in rows]
    return f"Requests a second{far}, in brackets against the first: {'; '.join(said)}."
