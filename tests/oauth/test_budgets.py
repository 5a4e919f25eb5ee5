"""What each act with a provider costs at DynamoDB, as the request's log line says it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from structlog.testing import capture_logs

from panzoto import costs
from panzoto.costs import Cost

from .conftest import OAuth
from .hostile import Hostile
from .test_hostile import FIRST, comes_back, left
from .test_vault import expires


def spent(act: Callable[[], Any]) -> tuple[Cost, Any]:
    """What the last request of an act has cost, and what it was answered."""
    with capture_logs() as logs:
        answer = act()
    line = [each for each in logs if each["event"] == "request"][-1]
    return Cost(line["writes"], line["reads"], line["trips"]), answer


def test_with_a_provider(beside: OAuth, told: Hostile) -> None:
    """Signing in, the vault's tokens, and the end of it."""
    found = {}
    found["leave for the provider"], _ = spent(lambda: left(beside, told))
    found["come back, first sign-in"], back = spent(lambda: comes_back(beside, told))
    assert back.status_code == FIRST
    told.nonce = None  # an app that shows a code has asked for none
    found["sign-in by a code"], account = spent(beside.connected)
    token = account["token"]
    found["connections"], _ = spent(lambda: beside.get("/connections", token))
    found["access token"], _ = spent(lambda: beside.get("/acme/access-token", token))
    expires(beside, account["user_id"])
    found["access token, refreshed"], _ = spent(lambda: beside.get("/acme/access-token", token))
    found["disconnect"], gone = spent(lambda: beside.delete("/acme", account))
    assert gone.status_code == 200, gone.get_json()
    assert found == costs.PROVIDERS
