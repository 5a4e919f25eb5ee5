"""What a session would change that ends meanwhile, or of whose end a copy of the person knows nothing: nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest

from panzoto.flows._audit import recording
from panzoto.flows._sessions import end_one
from panzoto.models.user import User
from tests.support import border
from tests.support.phones import HERE

from .conftest import PASSWORD, Service

Act = tuple[str, str, dict[str, Any]]
NEW_PASSWORD = "AnotherPassword456!"
# Each is by whoever knows the password: it may have become another's, which is why the sessions were ended.
ACTS: dict[str, Act] = {
    "another email": ("PATCH", "/me", {"email": "another@example.com", "current_password": PASSWORD}),
    "another name": ("PATCH", "/me", {"name": "Another"}),
    "a recovery key": ("POST", "/recovery-key", {"current_password": PASSWORD}),
    "another password": ("POST", "/password/change", {"current_password": PASSWORD, "new_password": NEW_PASSWORD}),
    "the deletion": ("DELETE", "/me", {"current_password": PASSWORD}),
}


def ask(service: Service, me: dict[str, Any], act: Act) -> int:
    """What the act is answered, when all that follows from it is done."""
    method, path, body = act
    answer = service.http.open(f"/api/v1/auth{path}", method=method, json=body, headers=bearer(me))
    service.deps.later.finish()
    return answer.status_code


def bearer(me: dict[str, Any]) -> dict[str, str]:
    """The header of whoever is signed in."""
    return {"Authorization": f"Bearer {me['token']}"}


def person(service: Service, me: dict[str, Any]) -> User:
    """Somebody as they are now, but for what says that sessions have ended."""
    found = service.deps.users.find(me["user_id"])
    assert found is not None
    return replace(found, epoch=0, sessions_ended_at=None, updated_at=None)


def end_all(service: Service, me: dict[str, Any]) -> None:
    """End every session of somebody."""
    service.deps.users.raise_epoch(person(service, me), service.clock())


def before_the_write(service: Service, me: dict[str, Any], act: Callable[[], None]) -> None:
    """Let something happen just before the person is written."""
    left = [act]

    def step(request: AWSPreparedRequest, _: border.Send) -> None:
        writes = str(request.headers["X-Amz-Target"]).endswith(("UpdateItem", "TransactWriteItems"))
        ours = service.deps.config.users_table in str(request.body) and me["user_id"] in str(request.body)
        if writes and ours and left:
            left.pop()()

    border.at(service.deps.gateway._client).expect(then=step)


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS.keys())
def test_a_session_that_ends_meanwhile_changes_nothing(service: Service, act: Act) -> None:
    """Between the check of the session and the write all sessions end: the write is refused."""
    me = service.register()
    before, mails = person(service, me), len(service.mails("another@example.com"))
    before_the_write(service, me, lambda: end_all(service, me))
    assert ask(service, me, act) in {401, 409}
    assert person(service, me) == before
    assert len(service.mails("another@example.com")) == mails


def end_this(service: Service, me: dict[str, Any]) -> None:
    """End this session alone, elsewhere."""
    session_id = service.deps.access_tokens.read(me["token"], service.clock()).sid
    assert session_id is not None
    recorded = recording(service.deps, me["user_id"], "signed_out", HERE, service.clock())
    end_one(service.deps, person(service, me), session_id, service.clock(), service.clock(), recorded)


@pytest.mark.parametrize("end", [end_all, end_this])
@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS.keys())
def test_a_copy_of_before_changes_nothing(
    service_for: Callable[..., Service], act: Act, end: Callable[[Service, dict[str, Any]], None]
) -> None:
    """REVOCATION_CACHE_SECONDS lets an ended session read for a while, and write nothing."""
    service = service_for(revocation_cache_seconds=30)
    me = service.register()
    assert service.get("/me", token=me["token"]).status_code == 200
    end(service, me)
    before = person(service, me)
    assert service.get("/me", token=me["token"]).status_code == 200, "the copy"
    assert service.get("/export", token=me["token"]).status_code == 401, "that is worth an act"
    assert ask(service, me, act) in {401, 409}
    assert person(service, me) == before


@pytest.mark.parametrize("end", [end_all, end_this])
def test_a_copy_of_before_gives_no_address_to_write_to(
    service_for: Callable[..., Service], end: Callable[[Service, dict[str, Any]], None]
) -> None:
    """Fresh addresses of an upload are got by a GET, and change what is in the bucket for an hour."""
    service = service_for(revocation_cache_seconds=30)
    me, path = service.register(), "/api/v1/audio-files/uploads"
    bearer = {"Authorization": f"Bearer {me['token']}"}
    body = {"filename": "note.3gp", "content_type": "audio/3gpp", "file_size": 100}
    begun = service.http.post(path, json=body, headers=bearer).get_json()
    assert service.http.get(f"{path}/{begun['file_id']}", headers=bearer).status_code == 200
    assert service.get("/me", token=me["token"]).status_code == 200
    end(service, me)
    assert service.get("/me", token=me["token"]).status_code == 200, "the copy"
    assert service.http.get(f"{path}/{begun['file_id']}", headers=bearer).status_code == 401
