"""Times of signed-in requests while strangers flood the sign-in, against without: two processes of eight threads.

DynamoDB is 4 ms away. The flood is 32 connections that sign in as quickly as they are answered; the gates of both
processes let in as many as there are cores, and refuse late what does not fit their queues. The goal: a 99th
percentile of at most twice.
"""

from __future__ import annotations

from contextlib import nullcontext

from benchmarks.account import account
from benchmarks.canned import answering
from benchmarks.measuring import Measured, measured
from benchmarks.serving import counted, gunicorn
from panzoto.allocator import TUNABLES
from tests.support.server import environment

VERSIONS_OF = ("gunicorn", "argon2-cffi")
ROUNDS = 7
SECONDS = 3
FAR = 0.004
WITHOUT, DURING = "signed-in requests, p99", "signed-in requests during a flood, p99"
_notes: list[str] = []


def run() -> list[Measured]:
    """Both, in rounds that take turns."""
    known, refused, logins = account(), 0, 0
    times: dict[str, list[float]] = {WITHOUT: [], DURING: []}
    medians: dict[str, list[float]] = {WITHOUT: [], DURING: []}
    with answering(known.rules, FAR) as address:
        environ = environment(address, "111111111111", WEB_CONCURRENCY="2", GLIBC_TUNABLES=TUNABLES)
        with gunicorn(environ, "-c", "gunicorn.conf.py", "wsgi:app") as server:
            server.load("/api/v1/auth/me", 1, token=known.token)
            for _ in range(ROUNDS):
                for name, own in times.items():
                    server.rest()
                    flood = server.loading("/api/v1/auth/login", SECONDS + 1, body=known.login, at_once=32)
                    with flood if name == DURING else nullcontext() as wrk:
                        load = server.load("/api/v1/auth/me", SECONDS, token=known.token, at_once=4)
                        if wrk is not None:
                            asked, _, _, _, no = counted(wrk)
                            refused, logins = refused + no, logins + asked - no
                    own.append(load.p99)
                    medians[name].append(load.median)
    found = [measured(name, times[name], times[WITHOUT]) for name in times]
    found += [measured(name.replace("p99", "median"), medians[name], medians[WITHOUT]) for name in medians]
    _notes[:] = [f"Of the flood {logins} were signed in and {refused} were refused by 503."]
    return found


def notes() -> list[str]:
    """What became of the flood."""
    return _notes
