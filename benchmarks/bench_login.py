"""CPU of a sign-in by password, against one bare Argon2 verification with the same parameters, and its own five calls.

All of it is in one process, from the flow's first line to its tokens; the DynamoDB knows its answers. The goal: no
more than 1.15 times the verification, plus the calls.
"""

from __future__ import annotations

import time

from argon2.low_level import Type, verify_secret

from benchmarks.account import EMAIL, PASSWORD, account
from benchmarks.canned import answering
from benchmarks.measuring import Measured, compare
from panzoto.deps import Deps, build
from panzoto.flows.client import Client
from panzoto.flows.login import login
from panzoto.models.store.gateway import Gateway
from tests.support.configs import configured

VERSIONS_OF = ("argon2-cffi", "boto3")
ROUNDS = 21
CLIENT = Client("192.0.2.1", "benchmarks", "en")


def run() -> list[Measured]:
    """The verification, the calls, and the whole."""
    known = account()
    with answering(known.rules) as address:
        deps: Deps = build(configured("111111111111", address))
        user = deps.users.find("user-1")
        assert user is not None and user.password_hash is not None  # noqa: S101, PT018 (the endpoint knows them)
        stored, typed = user.password_hash.encode(), PASSWORD.encode()
        calls = _calls_of(deps)
        found = compare(
            {
                "Argon2 alone": lambda: verify_secret(stored, typed, Type.ID),
                "its calls": lambda: [deps.gateway.call(*call) for call in calls],
                "sign-in": lambda: login(deps, EMAIL, PASSWORD, CLIENT),
            },
            ROUNDS,
            time.process_time,
        )
    alone, of_calls, whole = found
    _notes[:] = [
        (
            f"A sign-in is {(whole.median - of_calls.median) / alone.median:.2f} times the verification, "
            f"plus its {len(calls)} calls; goal 1.15."
        )
    ]
    return found


_notes: list[str] = []


def notes() -> list[str]:
    """The ratio of the goal."""
    return _notes


def _calls_of(deps: Deps) -> list[tuple[str, dict[str, object]]]:
    """What a sign-in asks of DynamoDB."""
    seen: list[tuple[str, dict[str, object]]] = []
    asked: Gateway = deps.gateway
    real = asked.call

    def watched(operation: str, request: dict[str, object]) -> object:
        seen.append((operation, request))
        return real(operation, request)

    asked.call = watched  # type: ignore[method-assign, assignment]
    try:
        login(deps, EMAIL, PASSWORD, CLIENT)
    finally:
        del asked.call  # type: ignore[misc]
    return seen
