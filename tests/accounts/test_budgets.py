"""What each act of an account costs at DynamoDB, as the request's log line says it: design §7, and what was reached.

MiniStack bills reads as if all items were small, and says nothing of what a batch of reads consumed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from panzoto import costs
from panzoto.costs import Cost

from .conftest import PASSWORD, Service, new_email

NEW_PASSWORD = "AnotherPassword456!"


# The check of every request, which reads the person once, is in what asks for a sign-in.
MOST = {"check": Cost(0, 1, 1), "login": Cost(7, 2, 6), "refresh": Cost(1, 0, 1)}


class Spent:
    """Asks the service, and knows what the last request has cost."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.body: Any = None
        self.status = 0

    def __call__(self, path: str, body: Any = None, *, method: str = "POST", token: str | None = None) -> Cost:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        with capture_logs() as logs:
            response = self.service.http.open(f"/api/v1/auth{path}", method=method, json=body, headers=headers)
        self.body, self.status = response.get_json(), response.status_code
        (line,) = [line for line in logs if line["event"] == "request"]
        return Cost(line["writes"], line["reads"], line["trips"])


@pytest.fixture
def spent(service_for: Callable[..., Service]) -> Spent:
    """The service, with the smallest of OWASP's profiles, and what it spends."""
    return Spent(service_for(argon2_memory_kib=12288, argon2_iterations=3))


@pytest.fixture
def table(capsys: pytest.CaptureFixture[str]) -> Callable[[dict[str, Cost], dict[str, Cost]], None]:
    """Compares what was spent with what is pinned, and prints it."""

    def compared(found: dict[str, Cost], pinned: dict[str, Cost]) -> None:
        with capsys.disabled():
            for name, cost in found.items():
                units = f"{cost.writes:4g} writes {cost.reads:4g} reads {cost.trips:3} trips"
                print(f"\n  {name:30} {units}", end="")  # noqa: T201 (the figures are asked for)
        assert found == pinned

    return compared


def credentials(account: dict[str, Any], **more: Any) -> dict[str, Any]:
    """What the account's owner signs in with."""
    return {"email": account["email"], "password": PASSWORD, **more}


def within(cost: Cost, most: Cost) -> bool:
    """Whether a budget holds."""
    return all(found <= limit for found, limit in zip(cost, most, strict=True))


def test_signing_in_and_staying(spent: Spent, table: Callable[..., None]) -> None:
    """Design §7: the check is one read, a refresh one write, and a sign-in seven writes and two reads."""
    account = spent.service.register(device_id="old")
    old = {"refresh_token": account["refresh_token"]}
    spent("/login", credentials(account) | {"password": "not the password"})
    found = {
        "login after a wrong guess": spent("/login", credentials(account)),
        "check and GET me": spent("/me", method="GET", token=account["token"]),
        "login": spent("/login", credentials(account)),
        "login, known device": spent("/login", credentials(account, device_id="old")),
        "login, new device": spent("/login", credentials(account, device_id="new")),
        "refresh": spent("/refresh", old | {"device_id": "old"}),
        "refresh in grace": spent("/refresh", old | {"device_id": "old"}),
    }
    assert within(found["check and GET me"], MOST["check"])
    assert within(found["login"], MOST["login"])
    assert within(found["login, known device"], MOST["login"])
    assert within(found["refresh"], MOST["refresh"])
    table(found, costs.SIGNING_IN)


def test_reuse_of_a_refresh_token(spent: Spent, table: Callable[..., None]) -> None:
    """What an old token costs, that ends the session, and what a token costs that nobody made: nothing."""
    account = spent.service.register()
    spent("/refresh", {"refresh_token": account["refresh_token"]})
    spent.service.clock.pass_by(minutes=2)
    found = {
        "refresh, reused": spent("/refresh", {"refresh_token": account["refresh_token"]}),
        "refresh, invented": spent("/refresh", {"refresh_token": "rt1.ses_x.0." + "A" * 32}),
    }
    table(found, costs.OLD_TOKENS)


def test_failed_sign_ins_cost_the_same(spent: Spent, table: Callable[..., None]) -> None:
    """Nobody learns from its cost whether an account exists: a failed sign-in and a forgotten password are equal."""
    account = spent.service.register()
    wrong = {"password": "not the password"}
    found = {
        "login failed, known": spent("/login", credentials(account) | wrong),
        "login failed, unknown": spent("/login", credentials({"email": new_email()}) | wrong),
        "forgot, known": spent("/password/forgot", {"email": account["email"]}),
        "forgot, unknown": spent("/password/forgot", {"email": new_email()}),
    }
    assert found["login failed, known"] == found["login failed, unknown"]
    assert found["forgot, known"] == found["forgot, unknown"]
    spent.service.deps.later.finish()
    table(found, costs.FAILED)


def test_changes_and_ends(spent: Spent, table: Callable[..., None]) -> None:
    """What the rarer acts cost, pinned so that a change of it is seen."""
    email = new_email()
    found = {"register": spent("/register", {"email": email, "password": PASSWORD})}
    first = spent.body | {"email": email}
    shown = {"recovery_key": first["recovery_key"]}
    found["recovery key, confirmed"] = spent("/recovery-key/confirm", shown, token=first["token"])
    found["recovery key, new"] = spent("/recovery-key", {"current_password": PASSWORD}, token=first["token"])
    first |= spent.body
    spent("/login", credentials(first))
    second = spent.body
    found["list sessions (2)"] = spent("/sessions", method="GET", token=first["token"])
    found["end another session"] = spent(
        f"/sessions/{session_of(spent, second)}", method="DELETE", token=first["token"]
    )
    found["logout"] = spent("/logout", token=first["token"])
    spent("/login", credentials(first))
    change = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    found["password change (1 session)"] = spent("/password/change", change, token=spent.body["token"])
    found["logout-all (1 session)"] = spent("/logout-all", token=spent.body["token"])
    spent("/password/forgot", {"email": email})
    link = {"token": spent.service.link(email, "reset"), "recovery_key": first["recovery_key"]}
    found["reset"] = spent("/password/reset", link | {"new_password": PASSWORD})
    assert spent.status == 200
    table(found, costs.CHANGES)


def session_of(spent: Spent, signed_in: dict[str, Any]) -> str:
    """The session of a sign-in."""
    return spent.service.deps.refresh_tokens.read(signed_in["refresh_token"]).sid
