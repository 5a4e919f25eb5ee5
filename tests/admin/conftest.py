"""One service for all tests of a module, with people of every role: each test makes its own people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from flask.testing import FlaskCliRunner
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

import limits
from panzoto import create_app
from panzoto.deps import build
from panzoto.flows.admin.acts import grant_role
from panzoto.flows.admin.staff import Admin, operator
from panzoto.models.counted import Counted
from panzoto.models.user import User
from tests.accounts.conftest import PASSWORD, QUICK, Clock, Service, new_email
from tests.support.configs import configured, new_account
from tests.support.furnishing import furnish
from tests.support.light import lightly

UNLIMITED = limits.changed(",".join(f"{limit.name}=1000000/1h" for limit in limits.DEFAULTS.each))
API = "/api/v1/admin"
BOSS = operator("tests")


@dataclass
class Office(Service):
    """The service, and those who work for it."""

    def someone(self, role: str | None = None, **more: Any) -> dict[str, Any]:
        """Somebody who is signed in, in a role or in none."""
        me = self.register(**more)
        self.deps.users.change(self.user(me), self.clock(), {"email_verified_at": int(self.clock().timestamp())})
        if role:
            grant_role(self.deps, BOSS, me["user_id"], role)
        return me

    def user(self, me: dict[str, Any]) -> User:
        """Somebody, as they are now."""
        found = self.deps.users.find(me["user_id"])
        assert found is not None
        return found

    def admin(self, me: dict[str, Any]) -> Admin:
        """Somebody, as one who acts."""
        return replace(BOSS, actor=me["user_id"], name=me["email"])

    def ask(self, method: str, path: str, me: dict[str, Any] | None, body: Any = None) -> TestResponse:
        """A request below the API, by somebody."""
        headers = {"Authorization": f"Bearer {me['token']}"} if me else {}
        return self.http.open(f"{API}{path}", method=method, json=body, headers=headers)

    def spent(self, method: str, path: str, me: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """The answer to a request, and its log line."""
        with capture_logs() as logs:
            answer = self.ask(method, path, me)
        assert answer.status_code == 200, answer.get_json()
        (line,) = [each for each in logs if each["event"] == "request"]
        return answer.get_json(), dict(line)

    def flask(self, *words: str) -> Any:
        """A command."""
        self.deps.later.finish()
        self.clock.pass_by(milliseconds=1)  # so that what one does is after what the last did
        with capture_logs():
            return FlaskCliRunner(self.http.application).invoke(args=list(words))

    def login(self, me: dict[str, Any]) -> dict[str, Any]:
        """Another session of somebody's."""
        answer = self.post("/login", {"email": me["email"], "password": PASSWORD})
        assert answer.status_code == 200
        return {**me, **answer.get_json()}

    def events(self, subject: str) -> list[dict[str, Any]]:
        """What happened to a subject, newest first."""
        return self.deps.audit.of(subject, limit=50).items


def opened(ministack: str, **changes: Any) -> Office:
    """A service of its own, with its tables."""
    settings: dict[str, Any] = {"rate_limits": UNLIMITED, "figures_seconds": 3600, **QUICK, **changes}
    config = configured(new_account(), ministack, outbox_url=ministack, **settings)
    clock = Clock()
    deps = lightly(replace(build(config), clock=clock))
    deps.tally.goes_to(Counted(deps.figures, deps.users, clock))
    furnish(config)
    assert deps.outbox is not None
    return Office(deps, clock, create_app(config, deps).test_client(), deps.outbox)


@pytest.fixture(scope="module")
def office(ministack: str) -> Iterator[Office]:
    """The service."""
    office = opened(ministack)
    yield office
    office.deps.later.finish()


@pytest.fixture
def admin(office: Office) -> dict[str, Any]:
    """An administrator, just signed in."""
    return office.someone("admin")


@pytest.fixture
def support(office: Office) -> dict[str, Any]:
    """A supporter, just signed in."""
    return office.someone("support")


__all__ = ["API", "BOSS", "PASSWORD", "Office", "new_email"]
