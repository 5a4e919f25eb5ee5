"""Sign-in and a signed-in request over HTTP: ours, fastapi-users and Flask-Security-Too.

Each is one process, ours and Flask's of eight threads, with the same Argon2 parameters (46 MiB, one pass, one lane).
The peers keep their person in SQLite, in their own process; ours asks a DynamoDB that knows its answers, by HTTP,
once for a request and five times for a sign-in. Figures are CPU of the server for a request; requests a second are in
the notes. Ours revokes at once, limits guesses, keeps an audit event and rotates refresh tokens; the peers do not.
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import orjson

from benchmarks.account import EMAIL, PASSWORD, account
from benchmarks.canned import answering
from benchmarks.measuring import Measured, measured
from benchmarks.peers_beside import PYTHON, versions
from benchmarks.serving import Load, Serving, gunicorn, serving
from panzoto.allocator import TUNABLES
from tests.support.server import environment

VERSIONS_OF = ("flask", "gunicorn")
ROUNDS = 5
SECONDS = 2
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
_notes: list[str] = []


@dataclass(frozen=True)
class Contender:
    """A server, how one signs in to it, and what tells who one is."""

    server: Serving
    login: str
    body: str
    kind: str
    me: str
    header: str = "Authorization"

    def token(self) -> str:
        """What a sign-in gives, as the header wants it."""
        url = f"http://127.0.0.1:{self.server.port}{self.login}"
        headers = {"Content-Type": self.kind, "Accept": JSON}
        with urlopen(Request(url, data=self.body.encode(), headers=headers), timeout=30) as answer:
            said: dict[str, Any] = orjson.loads(answer.read())
        if self.header != "Authorization":
            return str(said["response"]["user"]["authentication_token"])
        return f"Bearer {said.get('token') or said['access_token']}"


def run() -> list[Measured]:
    """Each act, the peers' first."""
    known = account()
    with ExitStack() as stack:
        address = stack.enter_context(answering(known.rules))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        contenders = _contenders(stack, address, folder, known.login)
        tokens = {name: each.token() for name, each in contenders.items()}
        logins: dict[str, list[Load]] = {name: [] for name in contenders}
        reads: dict[str, list[Load]] = {name: [] for name in contenders}
        for _ in range(ROUNDS):
            for name, each in contenders.items():
                headers = {"Content-Type": each.kind, "Accept": JSON}
                logins[name].append(
                    _ok(each.server.load(each.login, SECONDS, body=each.body, at_once=2, headers=headers))
                )
                reads[name].append(_ok(each.server.load(each.me, SECONDS, headers={each.header: tokens[name]})))
    _notes[:] = [f"Requests a second: {_said(logins)} for sign-ins; {_said(reads)} for signed-in requests."]
    _notes.append(f"The peers: {', '.join(versions('fastapi-users', 'Flask-Security-Too', 'uvicorn'))}.")
    return [*_by_cpu("sign-in", logins), *_by_cpu("signed-in request", reads)]


def notes() -> list[str]:
    """Requests a second, and what the peers are."""
    return _notes


def _contenders(stack: ExitStack, address: str, folder: Path, login: str) -> dict[str, Contender]:
    ours = environment(address, "111111111111", WEB_CONCURRENCY="1", GLIBC_TUNABLES=TUNABLES)
    peers = [{**ours, "BENCH_DATABASE": str(folder / name)} for name in ("fastapi", "flask")]
    fastapi = [str(PYTHON), "-m", "uvicorn", "--port", "$PORT", "--log-level", "warning"]
    flask = [str(PYTHON), "-m", "gunicorn", "-c", "benchmarks/plain.py"]
    return {
        "fastapi-users": Contender(
            stack.enter_context(serving([*fastapi, "benchmarks.peers.fastapi_users_app:app"], peers[0], "/healthz")),
            "/login",
            urlencode({"username": EMAIL, "password": PASSWORD}),
            FORM,
            "/me",
        ),
        "Flask-Security-Too": Contender(
            stack.enter_context(serving([*flask, "benchmarks.peers.flask_security_app:app"], peers[1], "/healthz")),
            "/login?include_auth_token",
            login,
            JSON,
            "/me",
            "Authentication-Token",
        ),
        "ours": Contender(
            stack.enter_context(gunicorn(ours, "-c", "gunicorn.conf.py", "wsgi:app")),
            "/api/v1/auth/login",
            login,
            JSON,
            "/api/v1/auth/me",
        ),
    }


def _ok(load: Load) -> Load:
    if load.refused:
        raise RuntimeError(f"{load.refused} of {load.requests} were refused")
    return load


def _by_cpu(what: str, loads: dict[str, list[Load]]) -> list[Measured]:
    first = [each.cpu_each for each in loads["fastapi-users"]]
    return [measured(f"{what}, {name}", [each.cpu_each for each in own], first) for name, own in loads.items()]


def _said(loads: dict[str, list[Load]]) -> str:
    middle = {name: sorted(each.a_second for each in own)[len(own) // 2] for name, own in loads.items()}
    return ", ".join(f"{name} {each:.0f}" for name, each in middle.items())
