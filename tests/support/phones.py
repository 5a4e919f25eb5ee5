"""Phones in processes of their own: each has the whole application, and all of them do their things at one moment."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask.testing import FlaskClient

from config import Config
from panzoto import create_app
from panzoto.deps import Deps, build
from panzoto.flows._policy import Admitted
from panzoto.flows._sessions import SignedIn, start_session
from panzoto.flows.client import Client
from panzoto.models.store.transaction import transact
from panzoto.models.user import User
from tests.support import races
from tests.support.light import lightly

API = "/api/v1/auth"
HERE = Client("127.0.0.1", "tests", "en")
SECONDS = 120
_have: list[Any] = []


@dataclass(frozen=True)
class Ask:
    """One request, below the API of accounts or with its whole path, and how long after the others' it is sent."""

    method: str
    path: str
    body: Any = None
    token: str | None = field(default=None, repr=False)
    late: float = 0.0


@dataclass(frozen=True)
class Answer:
    """What the application answered."""

    status: int
    body: dict[str, Any]


def race(racers: races.Racers, config: Config, asks: Sequence[Sequence[Ask]]) -> list[list[Answer]]:
    """What each process was answered. It has a list of requests; the first of all lists go together, then the second.

    What the processes do after their answers is done when this returns.
    """
    assert len(asks) == racers.count
    started = [racers._pool.submit(_run, config, list(each)) for each in asks]
    return [each.result(SECONDS) for each in started]


def _run(config: Config, asks: list[Ask]) -> list[Answer]:
    deps, http = _application(config)
    deps.users.get({"user_id": "warm"})  # the connection is there before the line is crossed
    answers = []
    for ask in asks:
        races._line.wait(SECONDS)
        ends = time.perf_counter() + ask.late
        while time.perf_counter() < ends:
            pass  # a sleep is not as exact as the moment that a race is about
        headers = {"Authorization": f"Bearer {ask.token}"} if ask.token else {}
        path = ask.path if ask.path.startswith("/api/") else f"{API}{ask.path}"
        response = http.open(path, method=ask.method, json=ask.body, headers=headers)
        answers.append(Answer(response.status_code, response.get_json()))
    deps.later.finish()
    return answers


def _application(config: Config) -> tuple[Deps, FlaskClient]:
    """The application that this process has already, or one of another configuration."""
    if not _have or _have[0].config != config:
        deps = lightly(build(config))
        _have[:] = [deps, create_app(config, deps).test_client()]
    deps, http = _have
    return deps, http


def person(deps: Deps, email: str, **more: Any) -> User:
    """Somebody with an email, made without the hashing that a registration takes."""
    user = User(user_id=f"user-{email}", email=email, key_salt=bytes(32), created_at=deps.clock(), **more)
    transact(deps.gateway, deps.emails.claiming(email, user.user_id), deps.users.creating(user))
    return user


def signed_in(deps: Deps, user: User, device_id: str | None = None, now: datetime | None = None) -> SignedIn:
    """A session of somebody, without the hashing that a sign-in takes."""
    return start_session(deps, Admitted(user), device_id=device_id, client=HERE, now=now or deps.clock(), amr="pwd")
