"""The whole application on an emulator, as a phone meets it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from config import Config
from panzoto import create_app
from panzoto.crypto.gate import Gate
from panzoto.crypto.passwords import Passwords
from panzoto.deps import Deps, build
from panzoto.local.outbox import Outbox
from tests.support.furnishing import furnish
from tests.support.light import lightly

# The lightest of OWASP's profiles: as strong, and a third of the time.
QUICK = {"argon2_memory_kib": 12288, "argon2_iterations": 3}
PASSWORD = "SecurePassword123!"
API = "/api/v1/auth"


@dataclass
class Clock:
    """The time, as a test sets it."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **time: float) -> None:
        """Let time pass."""
        self.now += timedelta(**time)


@dataclass
class Service:
    """The application, what it stands on, and the time."""

    deps: Deps
    clock: Clock
    http: FlaskClient
    outbox: Outbox

    def post(self, path: str, body: Any = None, *, token: str | None = None, **options: Any) -> TestResponse:
        """A POST below the API."""
        return self.http.post(f"{API}{path}", json=body, headers=_bearer(token), **options)

    def get(self, path: str, *, token: str | None = None) -> TestResponse:
        """A GET below the API."""
        return self.http.get(f"{API}{path}", headers=_bearer(token))

    def register(self, email: str | None = None, **more: Any) -> dict[str, Any]:
        """A new account, signed in; its mail is sent, or a later one could stand before it."""
        body = {"email": email or new_email(), "password": PASSWORD, **more}
        response = self.post("/register", body)
        assert response.status_code == 201, response.get_json()
        self.deps.later.finish()
        return {**response.get_json(), "email": body["email"]}

    def mails(self, to: str) -> list[dict[str, Any]]:
        """The mails to somebody, newest first, when all that is to be done later is done."""
        self.deps.later.finish()
        return [each for each in self.outbox.messages() if each["to"] == to]

    def link(self, to: str, page: str) -> str:
        """The token in the newest link to somebody."""
        texts = [each["text"] for each in self.mails(to) if f"/{page}/" in each["text"]]
        return str(texts[0].split(f"/{page}/")[1].split()[0])


def _bearer(token: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


def new_email() -> str:
    """An email that nobody has used."""
    return f"ann.{secrets.token_hex(6)}@example.com"


def begun(config: Config) -> Service:
    """The service of a configuration, with its tables, bucket, key and sender."""
    clock = Clock()
    deps = lightly(replace(build(config), clock=clock))
    furnish(config)
    assert deps.outbox is not None
    return Service(deps, clock, create_app(config, deps).test_client(), deps.outbox)


@pytest.fixture
def service_for(config_for: Callable[..., Config], ministack: str) -> Callable[..., Service]:
    """Makes the service of a changed configuration."""
    return lambda **changes: begun(config_for(outbox_url=ministack, **(QUICK | changes)))


@pytest.fixture
def service(service_for: Callable[..., Service]) -> Service:
    """The service as it is configured by default."""
    return service_for()


def replace_gate(service: Service, *, waiting: int) -> Deps:
    """What the service stands on, with a gate that lets one through."""
    gate = Gate(1, waiting, 0.05)
    return replace(service.deps, passwords=Passwords(service.deps.passwords.profile, gate))


def service_with(service: Service, deps: Deps) -> FlaskClient:
    """The same service on other parts."""
    return create_app(service.deps.config, deps).test_client()
