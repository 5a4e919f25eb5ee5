"""Memory of four processes after load: loaded once and parted, with the collector frozen, against each for itself.

Pss by Linux, of all processes together with the one that watches them: what is shared counts once. The goal is 0.55.
The columns say bytes where others say microseconds: MiB, times a million.
"""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.account import account
from benchmarks.canned import answering
from benchmarks.measuring import Measured, measured
from benchmarks.serving import gunicorn
from panzoto.allocator import TUNABLES
from tests.support.server import environment

VERSIONS_OF = ("gunicorn",)
ROUNDS = 5
SECONDS = 2
MIB = 2**20
CONTENDERS = {"each for itself": ("-c", "benchmarks/each_for_itself.py"), "loaded once": ("-c", "gunicorn.conf.py")}


def run() -> list[Measured]:
    """Each, started anew in every round."""
    known = account()
    found: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    with answering(known.rules) as address:
        environ = environment(address, "111111111111", WEB_CONCURRENCY="4", GLIBC_TUNABLES=TUNABLES)
        for _ in range(ROUNDS):
            for name, arguments in CONTENDERS.items():
                found[name].append(_after_load(environ, arguments, known.token, known.login) / MIB)
    return [measured(name, each, found["each for itself"]) for name, each in found.items()]


def _after_load(environ: Mapping[str, str], arguments: tuple[str, ...], token: str, login: str) -> int:
    with gunicorn(environ, *arguments, "wsgi:app") as server:
        for path in ("/api/v1/auth/me", "/api/v1/audio-files?limit=25"):
            server.load(path, SECONDS, token=token, at_once=32)
        server.load("/api/v1/auth/login", SECONDS, body=login, at_once=8)
        server.rest()
        return server.memory()
