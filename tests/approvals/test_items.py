"""Items that somebody wrote by hand: the seed's own, and such as no program would write."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from panzoto.models.approved_emails import from_item, to_item
from panzoto.models.times import from_seconds, seconds

from .conftest import PASSWORD, Service, asked_for, entered, login, new_email, refused, works

JOHN: dict[str, Any] = {
    "email": "john.doe@acmecorp.com",
    "approvedBy": "sales@sigmacomputing.com",
    "approvedAt": 1698765432,
    "expiresAt": None,
    "metadata": {
        "company": "Acme Corp",
        "reason": "Enterprise trial",
        "notes": "VP of Analytics - approved indefinitely",
    },
}
JANE: dict[str, Any] = {
    "email": "jane.smith@startupxyz.com",
    "approvedBy": "demo@sigmacomputing.com",
    "approvedAt": 1698765432,
    "expiresAt": 1701357432,
    "metadata": {
        "company": "Startup XYZ",
        "reason": "Conference demo",
        "notes": "30-day access for Q4 conference",
    },
}


@pytest.mark.parametrize("item", [JOHN, JANE], ids=["john", "jane"])
def test_the_seeds_samples_are_read_and_written_alike(item: dict[str, Any]) -> None:
    """What the seed writes is what this software writes, and by what its lists find it."""
    domain = item["email"].partition("@")[2]
    assert to_item(from_item(item)) == {**item, "listed": "all", "domain": domain}


def test_the_seeds_samples_let_in_whom_they_should(service: Service) -> None:
    """John for ever, with an `expiresAt` of null; Jane for thirty days, which are over, and then not any more."""
    for item in (JOHN, JANE):
        service.deps.approved_emails.put(item)
    service.clock.now = from_seconds(JANE["expiresAt"]) - timedelta(seconds=1)
    for email in (JOHN["email"], JANE["email"]):
        assert service.post("/email/verify", {"token": asked_for(service, email)}).status_code == 200
        assert works(service, entered(login(service, email)))
    service.clock.now = from_seconds(JANE["expiresAt"])
    assert login(service, JOHN["email"]).status_code == 200
    assert refused(login(service, JANE["email"]))


@pytest.mark.parametrize(
    "ends",
    [
        pytest.param({}, id="no end"),
        pytest.param({"expiresAt": Decimal("4102444800.75")}, id="a fraction of a second"),
        pytest.param({"expiresAt": "4102444800"}, id="digits as text"),
        pytest.param({"expiresAt": None, "approvedAt": "yesterday", "approvedBy": None}, id="an odd beginning"),
        pytest.param({"expiresAt": None, "metadata": None}, id="no metadata"),
        pytest.param({"expiresAt": None, "metadata": "a friend"}, id="metadata that is text"),
        pytest.param({"expiresAt": None, "metadata": {"company": 7, "notes": None}}, id="metadata that is no text"),
    ],
)
def test_what_is_missing_or_odd_keeps_nobody_out(service: Service, ends: dict[str, Any]) -> None:
    """An item with an email, and an end that is none or that comes, approves it."""
    email = new_email()
    service.deps.approved_emails.put({"email": email, **ends})
    assert asked_for(service, email)


@pytest.mark.parametrize(
    "ends",
    [
        pytest.param(1701357432000, id="milliseconds"),
        pytest.param(10**37, id="a number without end"),
        pytest.param(-(10**37), id="a number without beginning"),
        pytest.param(Decimal("1701357432.75"), id="a fraction that is over"),
        pytest.param("2099-01-01T00:00:00Z", id="text"),
        pytest.param("", id="no text"),
        pytest.param(True, id="a truth"),
        pytest.param([4102444800], id="a list"),
    ],
)
def test_an_end_that_is_no_time_is_over(service: Service, ends: Any) -> None:
    """Whoever meant an end meant one: what cannot be read lets nobody in, and is no fault of the service."""
    email = new_email()
    service.deps.approved_emails.put({"email": email, "expiresAt": ends})
    assert refused(service.post("/register", {"email": email, "password": PASSWORD}))


def test_what_is_written_has_the_seeds_attributes(service: Service) -> None:
    """Under the seed's names and types, and nothing else but by what its lists find it."""
    email = new_email()
    approval = from_item({**JOHN, "email": email, "expiresAt": seconds(service.clock.now)})
    service.deps.approved_emails.put(to_item(approval))
    item = service.deps.approved_emails.get({"email": email})
    assert item is not None
    assert (item.pop("listed"), item.pop("domain")) == ("all", email.partition("@")[2])
    assert item.keys() == JOHN.keys()
    assert {name: type(value) for name, value in item.items()} == {
        "email": str,
        "approvedBy": str,
        "approvedAt": int,
        "expiresAt": int,
        "metadata": dict,
    }
