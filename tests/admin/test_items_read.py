"""What looking costs, in items read: as many as are shown and a constant, however much there is."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from panzoto.models.approved_emails import LISTED
from panzoto.models.audit_events import AuditEvent, to_item
from panzoto.models.oauth_logs import Step
from panzoto.models.sessions import Session
from panzoto.models.sessions import to_item as session_item
from tests.support import tables

from .conftest import Office, opened

MANY = 300
# What a page may read besides what it shows, and how often it asks.
BESIDES, TRIPS = 100, 45


@pytest.fixture(scope="module")
def full(ministack: str) -> Iterator[Office]:
    """A service with more of everything than a page shows."""
    office = opened(ministack)
    fill(office, MANY)
    yield office
    office.deps.later.finish()


def fill(office: Office, many: int) -> dict[str, Any]:
    """So many events, approvals, sessions and steps of one person, and of nobody in particular."""
    deps, now = office.deps, office.clock()
    me = office.someone(email="much@example.com")
    events = [
        AuditEvent(
            subject=me["user_id"] if number % 2 else f"s{number}",
            action="sign_in_failed",
            actor=me["user_id"],
            at=now - timedelta(minutes=number),
            address="192.0.2.1",
            user_agent="tests",
        )
        for number in range(many)
    ]
    deps.audit.write_many(puts=[to_item(each, timedelta(days=365)) for each in events])
    for number in range(many // 25):
        tables.write(deps.approved_emails, *(approval(25 * number + each) for each in range(25)))
    deps.sessions.write_many(puts=[session(me, number, now) for number in range(many)])
    deps.oauth_logs.record([step(me, number, now) for number in range(many)])
    deps.figures.set_total({"audio_files": 1})
    for day in range(60):
        deps.figures.add_to_day(now.date() - timedelta(days=day), {"in#pwd": 5}, now)
    return me


def approval(number: int) -> dict[str, Any]:
    """An approval."""
    email = f"p{number:06d}@example.com"
    return {"email": email, "listed": LISTED, "domain": "example.com", "approvedBy": "x", "approvedAt": 1}


def session(me: dict[str, Any], number: int, now: Any) -> dict[str, Any]:
    """A session of somebody's."""
    return session_item(
        Session(
            session_id=f"ses_{secrets.token_hex(8)}",
            user_id=me["user_id"],
            email=me["email"],
            phone=None,
            device_id=None,
            created_at=now - timedelta(minutes=number),
            expires_at=now + timedelta(days=1),
            flow="pwd",
            address="192.0.2.1",
            user_agent="tests",
        )
    )


def step(me: dict[str, Any], number: int, now: Any) -> Step:
    """A step of one of somebody's flows."""
    at = now + timedelta(seconds=number)
    return Step(flow_id=f"f{number // 10}", step="s", at=at, address="", user_agent="", user_id=me["user_id"])


class Items:
    """How many items came back from the store, and how often it was asked."""

    def __init__(self, office: Office) -> None:
        self.read = self.asked = 0
        self._events = office.deps.gateway._client.meta.events
        self._events.register("after-call.dynamodb", self._count, unique_id="items")

    def _count(self, parsed: dict[str, Any], model: Any, **_: Any) -> None:
        self.asked += 1
        found = [parsed["Item"]] if "Item" in parsed else parsed.get("Items", [])
        found += [each for many in parsed.get("Responses", {}).values() for each in many]
        self.read += max(len(found), parsed.get("ScannedCount", 0))
        assert model.name != "Scan"

    def end(self) -> None:
        """Count no more."""
        self._events.unregister("after-call.dynamodb", unique_id="items")


def shown(body: Any) -> int:
    """How many things an answer shows: the members of its lists."""
    lists = [each for each in body.values() if isinstance(each, list)]
    return sum(len(each) for each in lists)


PATHS = [
    "/figures",
    "/figures?days=60",
    "/approvals",
    "/approvals?search=p0001",
    "/approvals?search=@example.com",
    "/users?q=much@example.com",
    "/users/{me}",
    "/users/{me}/oauth-flows",
    "/oauth-flows/f1",
    "/audit",
    "/audit?subject={me}",
    "/audit?actor={me}",
    "/audit?action=sign_in_failed",
    "/audit?action=nothing",
]


def most(path: str) -> int:
    """What a page may read besides: more where it looks for something among other things."""
    return BESIDES + (250 if "oauth-flows" in path or "action=" in path else 0)


@pytest.mark.parametrize("path", PATHS)
def test_looking_reads_what_it_shows(full: Office, path: str) -> None:
    """No more items than are shown and a constant."""
    support = full.someone("support")
    person = full.deps.emails.find("much@example.com")
    assert person is not None
    path = path.format(me=person["user_id"])
    cost = measured(full, path, support)
    assert cost["read"] <= cost["shown"] + most(path), cost
    assert cost["asked"] <= TRIPS, cost


def measured(office: Office, path: str, me: dict[str, Any]) -> dict[str, Any]:
    """What a request shows, reads and asks."""
    items = Items(office)
    try:
        body, line = office.spent("GET", path, me)
    finally:
        items.end()
    return {"shown": shown(body), "read": items.read, "asked": items.asked, "units": line["reads"], "ms": line["ms"]}


def test_the_second_page_costs_what_the_first_did(full: Office) -> None:
    """A cursor goes on where the page ended, and reads nothing of what was before."""
    support = full.someone("support")
    for path in ("/audit", "/approvals"):
        first, line = full.spent("GET", f"{path}?limit=50", support)
        _, again = full.spent("GET", f"{path}?limit=50&cursor={first['cursor']}", support)
        assert again["trips"] <= line["trips"] + 4


def test_a_page_looks_no_further_for_many_days(ministack: str) -> None:
    """What is looked for among the events of many days costs as much as among those of one; all is found in the end."""
    office = opened(ministack)
    me, now = office.someone("support"), office.clock()
    wanted = [(now - timedelta(days=day)).replace(hour=12) for day in range(1, 15)]
    others = [at - timedelta(seconds=number + 1) for at in wanted for number in range(49)]
    events = [
        AuditEvent(subject="s", action=action, actor="a", at=at, address="192.0.2.1", user_agent="tests")
        for action, times in (("rare", wanted), ("sign_in_failed", others))
        for at in times
    ]
    office.deps.audit.write_many(puts=[to_item(each, timedelta(days=365)) for each in events])
    path = f"/audit?action=rare&until={(now - timedelta(days=1)):%Y-%m-%dT13:00:00Z}"
    found, cursor, pages = 0, "", 0
    while cursor is not None and pages < len(events):
        items = Items(office)
        body = office.ask("GET", f"{path}{cursor and '&cursor='}{cursor}", me).get_json()
        items.end()
        assert items.read <= len(body["events"]) + most("action=")
        found, cursor, pages = found + len(body["events"]), body["cursor"], pages + 1
    assert found == len(wanted)
    assert pages > 1
