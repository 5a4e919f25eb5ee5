"""Somebody with more sessions than one request has the time to end: whoever has signed in each minute for days."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest

from panzoto.flows import _sessions
from panzoto.flows._policy import Admitted
from panzoto.flows.admin import acts
from panzoto.flows.admin.staff import operator
from panzoto.flows.client import Client
from panzoto.models.store import batches, ledger
from tests.support import border
from tests.support.border import Send

from .conftest import PASSWORD, Service

HERE = Client("192.0.2.7", "test", "en")
# To end so many, 25 in a call that takes so long, takes longer than a request may wait.
MANY, SECONDS = 400, 0.2


class Slow(threading.local):
    """A store that takes its time for many writes, by a clock on which nothing else takes any: each thread's own."""

    time = 0.0

    def __call__(self, request: AWSPreparedRequest, _: Send) -> None:
        """Let time go by."""
        if b"BatchWriteItem" in request.headers["X-Amz-Target"].encode():
            self.time += SECONDS


@pytest.fixture
def me(service: Service, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Somebody with many sessions."""
    me, deps, now = service.register(), service.deps, service.clock()
    user = deps.users.find(me["user_id"])
    assert user is not None
    me["sessions"] = [f"ses_{number:022}" for number in range(MANY)]
    begun = [_sessions._lineage(deps, Admitted(user), each, None, now, "pwd") for each in me["sessions"]]
    writes = [write for each in begun for write in _sessions._records(deps, user, each, HERE, None)]
    batches.write(deps.gateway, writes)
    slow = Slow()
    border.at(deps.gateway._client, then=slow)
    monkeypatch.setattr(deps.gateway, "_clock", lambda: slow.time)
    return me


def left(service: Service, me: dict[str, Any]) -> list[str]:
    """Which of the sessions go on, or are on the list, when all that is done later is done."""
    service.deps.later.finish()
    alive = [each.session_id for each in service.deps.lineages.find_many(me["sessions"]) if not each.revoked]
    listed = {each.session_id for each in service.deps.sessions.of(me["user_id"])}
    return [each for each in me["sessions"] if each in alive or each in listed]


def actions(service: Service, me: dict[str, Any]) -> set[str]:
    """What happened to somebody, sign-ins aside."""
    return {each["action"] for each in service.deps.audit.all_of(me["user_id"])} - {"sign_in", "registered"}


def test_a_new_password_ends_them_all(service: Service, me: dict[str, Any]) -> None:
    """Its owner is signed in by it, hears of it, and it is on record; the newest session is the only one."""
    body = {"current_password": PASSWORD, "new_password": "AnotherPassword456!"}
    answer = service.post("/password/change", body, token=me["token"])
    assert answer.status_code == 200, answer.get_json()
    assert left(service, me) == []
    assert actions(service, me) == {"password_changed"}
    assert "password" in service.mails(me["email"])[0]["subject"].lower()
    found = service.get("/sessions", token=answer.get_json()["token"]).get_json()["sessions"]
    assert [each["current"] for each in found] == [True]


def test_signing_out_everywhere_ends_them_all(service: Service, me: dict[str, Any]) -> None:
    """It is answered, and on record."""
    assert service.post("/logout-all", token=me["token"]).status_code == 200
    assert left(service, me) == []
    assert actions(service, me) == {"signed_out_everywhere"}


def test_whoever_is_disabled_has_none(service: Service, me: dict[str, Any]) -> None:
    """It is on record, and how many there were is known where somebody signs them out."""
    with ledger.keep("an act"):
        assert acts.revoke_all_sessions(service.deps, operator("tests"), me["user_id"]) == MANY + 1
    with ledger.keep("an act"):
        acts.disable(service.deps, operator("tests"), me["user_id"])
    assert left(service, me) == []
    assert actions(service, me) == {"signed_out_everywhere", "disabled"}
