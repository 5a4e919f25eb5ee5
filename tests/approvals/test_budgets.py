"""What approval costs at DynamoDB: nothing where nobody asks for it, and a few reads where somebody does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from panzoto.costs import APPROVED as APPROVED_BESIDES
from panzoto.costs import INTERNAL, Cost
from tests.accounts.test_budgets import Spent, credentials

from .conftest import APPROVED, PASSWORD, Service, approved, under

INSIDE = "inside.example"


def spends(service: Service, email: str) -> dict[str, Cost]:
    """What each act of somebody costs, who may sign in."""
    spent = Spent(service)
    answer = service.post("/register", {"email": email, "password": PASSWORD})
    assert answer.status_code in {201, 202}
    assert spent("/email/verify", {"token": service.link(email, "verify")}).writes
    account: dict[str, Any] = {"email": email}
    for _ in range(2):  # the first makes the audio key, the second clears the count of guesses
        spent("/login", credentials(account))
    found = {"login": spent("/login", credentials(account))}
    token, refresh_token = spent.body["token"], spent.body["refresh_token"]
    found["check"] = spent("/me", method="GET", token=token)
    found["refresh"] = spent("/refresh", {"refresh_token": refresh_token})
    found["refresh in grace"] = spent("/refresh", {"refresh_token": refresh_token})
    assert spent.status == 200
    return found


def more(found: dict[str, Cost], than: dict[str, Cost]) -> dict[str, Cost]:
    """By how much each is more."""
    return {
        name: Cost(cost.writes - than[name].writes, cost.reads - than[name].reads, cost.trips - than[name].trips)
        for name, cost in found.items()
    }


def test_approval_costs_reads_alone(service_for: Callable[..., Service]) -> None:
    """A sign-in one, a refresh three and no write; the check of each request none; an internal domain's is not read."""
    service = service_for(**APPROVED | {"internal_email_domains": (INSIDE,)})
    usual = spends(under(service, registration_policy="open"), f"bob@{INSIDE}")
    assert (usual["login"], usual["refresh"]) == (Cost(7, 2, 5), Cost(1, 0, 1))
    assert more(spends(service, approved(service)), usual) == APPROVED_BESIDES
    assert more(spends(service, f"ann@{INSIDE}"), usual) == INTERNAL
