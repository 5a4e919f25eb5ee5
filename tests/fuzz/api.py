"""Schemathesis over the whole API: what the document promises, tried with what it allows and what it does not."""

from __future__ import annotations

import secrets
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar

import schemathesis
from schemathesis.engine import events, from_schema

import limits
from panzoto.deps import Deps
from panzoto.web.application import Application
from providers import Provider
from tests.support.people import somebody
from tests.support.phones import signed_in

DOCUMENT = "/api/openapi.json"
ROLES: dict[str, frozenset[str] | None] = {"anonymous": None, "user": frozenset(), "admin": frozenset({"admin"})}
UNLIMITED = limits.changed(",".join(f"{limit.name}=1000000/1h" for limit in limits.DEFAULTS.each))
UNREACHED = Provider(name="acme", issuer="http://127.0.0.1:9", client_id="panzoto", client_secret="x" * 20)
# Nothing holds the requests up, and the provider of the document's OAuth routes is one that nobody reaches.
SETTINGS: dict[str, Any] = {
    "rate_limits": UNLIMITED,
    "dynamodb_deadline": timedelta(seconds=60),
    "oauth_providers": (
        Provider(name="acme", issuer="http://127.0.0.1:9", client_id="panzoto", client_secret="x" * 20),
    ),
    "transcriber": "aws",
    "decrypt_jobs_at_once": 0,  # what is queued is left to other processes, of which there are none
    "oauth_app_redirects": ("panzoto://oauth",),
}
ANSWERS = ["2xx", "3xx", "4xx", "501"]
CHECKS: dict[str, Any] = {
    "not_a_server_error": {"expected-statuses": ANSWERS},
    # What an email, a link, a code or a key is in is said by an error, and by no schema: 4xx is an answer to it.
    "positive_data_acceptance": {"expected-statuses": ANSWERS},
    # A fixed address below one with a variable (`uploads`, `connections`) answers to the methods of both.
    "allow_header_conformance": {"enabled": False},
    # It cannot call an application without a server; tests/security asks every route without a sign-in.
    "ignored_auth": {"enabled": False},
}


UNREACHABLE = {"not_a_server_error": {"expected-statuses": [*ANSWERS, "503"]}}
UNREACHABLE |= {"positive_data_acceptance": {"expected-statuses": [*ANSWERS, "503"]}}


@dataclass
class Found:
    """What a run came to."""

    sent: int = 0
    checked: int = 0
    linked: int = 0
    violations: set[str] = field(default_factory=set)
    statuses: set[tuple[str, int]] = field(default_factory=set)


def fuzz(app: Application, deps: Deps, role: str, *, examples: int, coverage: bool, only: Sequence[str] = ()) -> Found:
    """Try every documented operation as somebody of that role, or those of certain paths; what was wrong."""
    settings = _settings(examples=examples, coverage=coverage)
    schema: Any = schemathesis.openapi.from_wsgi(DOCUMENT, app, config=settings)
    if only:
        schema = schema.include(path=list(only))
    if (roles := ROLES[role]) is not None:
        fuzzer = _somebody(app, deps, roles)
        schema.auth(refresh_interval=None)(fuzzer)
        schema.hook("map_path_parameters")(lambda _, path_parameters: fuzzer.knows(path_parameters))
    found = Found()
    for event in from_schema(schema).execute():
        _note(event, found)
    return found


def _settings(*, examples: int, coverage: bool) -> schemathesis.Config:
    return schemathesis.Config.from_dict(
        {
            "auth": {"auto-signup": False},
            "checks": CHECKS,
            "operations": [{"include-path-regex": "/oauth/", "checks": UNREACHABLE}],
            "generation": {"max-examples": examples, "deterministic": True, "no-shrink": True},
            "phases": {"coverage": {"enabled": coverage}},
            "workers": 1,
        }
    )


def _somebody(app: Application, deps: Deps, roles: frozenset[str]) -> Any:
    """Somebody with a fresh session for every request: many of them end the one that they come with, or the account."""

    class Fuzzer:
        ids: ClassVar[dict[str, str]] = {}

        def get(self, _case: Any, _context: Any) -> str:
            user = deps.users.find(Fuzzer.ids.get("user_id", "nobody"))
            if user is None or not user.may_sign_in:
                Fuzzer.ids = somebody(app.test_client(), deps, f"fuzz.{secrets.token_hex(6)}", *roles).ids
                user = deps.users.find(Fuzzer.ids["user_id"])
            assert user is not None
            return signed_in(deps, user).access_token

        def set(self, case: Any, token: str, _context: Any) -> None:
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {token}"}

        @staticmethod
        def knows(given: dict[str, Any]) -> dict[str, Any]:
            """Of the parts of an address one half is what is really there, or was."""
            known = {name for name, value in (given or {}).items() if zlib.crc32(repr(value).encode()) % 2}
            return given and {name: Fuzzer.ids.get(name, it) if name in known else it for name, it in given.items()}

    Fuzzer().get(None, None)
    return Fuzzer


def _note(event: Any, found: Found) -> None:
    if isinstance(event, events.NonFatalError | events.FatalError):
        found.violations.add(
            f"the harness broke: {getattr(event, 'value', None) or getattr(event, 'exception', None)!r}"
        )
    if not isinstance(event, events.ScenarioFinished):
        return
    found.sent += len(event.recorder.interactions)
    found.linked += sum(case.transition is not None for case in event.recorder.cases.values())
    for case_id, interaction in event.recorder.interactions.items():
        label = event.recorder.cases[case_id].value.operation.label
        if interaction.response is not None:
            found.statuses.add((label, interaction.response.status_code))
    for checks in event.recorder.checks.values():
        found.checked += len(checks)
        found.violations |= {_told(each.failure_info) for each in checks if each.failure_info is not None}


def _told(failed: Any) -> str:
    failure = failed.failure
    return f"{failure.operation}: {failure.title}: {failure.message[:300]}\n{failed.code_sample[:500]}"
