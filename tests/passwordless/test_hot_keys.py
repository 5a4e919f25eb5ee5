"""No key is everybody's: what two people do, who share nothing but a prefix, meets at no hot key.

A partition takes a thousand writes and three thousand reads a second of one key, however large the table is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from panzoto.models.audit_events import SHARDS, AuditEvent, to_item
from panzoto.models.spec import TABLES, TableSpec
from tests.accounts.conftest import PASSWORD
from tests.support import border
from tests.support.border import Border
from tests.support.numbers import new_phone

from .conftest import Service, newest_code

# Everybody's SMS are counted together: so often as the limit allows, 200 in five minutes, and hardly more.
BOUNDED = "RATE#sms.everywhere"


def keys(service: Service, requests: Border) -> Iterator[tuple[str, str, str]]:
    """Each key that was asked for or written, by its table or index."""
    specs = {getattr(service.deps.config, f"{spec.label}_table"): spec for spec in TABLES}
    for request in requests.requests:
        members = [each for member in request.get("TransactItems", []) for each in member.values()]
        members += [{"TableName": name, **each} for name, each in _of_batches(request)]
        for each in [*members, *([request] if "TableName" in request else [])]:
            yield from _touched(specs[each["TableName"]], each)


def _of_batches(request: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, asked in request.get("RequestItems", {}).items():
        if isinstance(asked, list):
            yield from ((name, next(iter(each.values()))) for each in asked)
        else:
            yield from ((name, {"Key": key}) for key in asked["Keys"])


def _touched(spec: TableSpec, request: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    item = request.get("Key") or request.get("Item") or {}
    for where, name in [(spec.label, spec.hash.name), *((each.name, each.hash.name) for each in spec.indexes)]:
        if name in item:
            yield spec.label, where, item[name]["S"]


def acts(service: Service, phone: str, email: str, address: str) -> None:
    """What somebody does in a day: an account by phone and one by email, a wrong guess, requests, a sign-out."""
    options: dict[str, Any] = {"environ_overrides": {"REMOTE_ADDR": address}}
    assert service.post("/initiate-otp", {"phone_number": phone}, **options).status_code == 200
    body = {"phone_number": phone, "otp": newest_code(service, phone)}
    token = service.post("/verify-otp", body, **options).get_json()["token"]
    assert service.get("/me", token=token).status_code == 200
    account = {"email": email, "password": PASSWORD}
    assert service.post("/register", account, **options).status_code == 201
    assert service.post("/login", account | {"password": "another one"}, **options).status_code == 401
    signed_in = service.post("/login", account, **options).get_json()
    assert service.post("/refresh", {"refresh_token": signed_in["refresh_token"]}, **options).status_code == 200
    assert service.post("/logout", token=signed_in["token"], **options).status_code == 200
    service.deps.later.finish()


def test_two_people_meet_at_no_key(service: Service) -> None:
    """Numbers of one prefix, emails of one domain, at one moment: they share the bounded count of all SMS alone."""
    found = []
    watched = border.at(service.deps.gateway._client)
    for number in (1, 2):
        watched.expect()
        acts(service, new_phone(), f"person{number}@example.com", f"192.0.2.{number}")
        found.append(set(keys(service, watched)))
    shared = {(where, key) for _, where, key in found[0] & found[1] if where != "feed-index"}
    assert {(where, key.split("#all#")[0]) for where, key in shared} == {("auth_state", BOUNDED)}
    assert service.deps.config.rate_limits["sms.everywhere"].most / 300 < 1000


def test_the_feed_is_spread() -> None:
    """What happens in one day goes to all shards of the feed alike, and an ordinary sign-in to none."""
    event = AuditEvent(subject="s", action="a", actor="s", at=datetime.now(UTC), address="", user_agent="")
    feeds = Counter(to_item(event, timedelta(days=1))["feed"] for _ in range(3200))
    assert len(feeds) == SHARDS
    assert max(feeds.values()) < 3200 / SHARDS * 2
    assert "feed" not in to_item(replace(event, in_feed=False), timedelta(days=1))
