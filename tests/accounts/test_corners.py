"""What seldom happens to an account, and must go well all the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import jwt
from structlog.testing import capture_logs

from panzoto.later import WAITING
from panzoto.models.known_users import KnownUsers
from panzoto.models.store.expressions import Change
from panzoto.models.user import User
from tests.support import border
from tests.support.border import told_by_transactions
from tests.support.configs import SECRET

from .conftest import API, PASSWORD, Service, new_email

NEW = "a brand new one 42"


def without(service: Service, user_id: str, *attributes: str) -> None:
    """Take attributes from a person, as older software or another way in would have left them."""
    service.deps.users.update({"user_id": user_id}, Change(remove=attributes))


def test_a_recent_sign_in_stands_for_the_password(service: Service) -> None:
    """Right after a sign-in a new email needs no password."""
    me = service.register()
    headers = {"Authorization": f"Bearer {me['token']}"}
    assert service.http.patch(f"{API}/me", json={"email": new_email()}, headers=headers).status_code == 200


def test_somebody_without_a_password_leaves(service: Service) -> None:
    """A person who signs in by other means has nothing to verify, and deletes the account by a recent sign-in."""
    me = service.register()
    without(service, me["user_id"], "password_hash", "email")
    assert service.post("/email/ask", token=me["token"]).status_code == 202
    headers = {"Authorization": f"Bearer {me['token']}"}
    assert service.http.delete(f"{API}/me", json={"current_password": "any"}, headers=headers).status_code == 202
    service.deps.later.finish()
    assert service.deps.users.find(me["user_id"]) is None


def test_an_old_backends_token_changes_the_password_and_signs_out(service_for: Callable[..., Service]) -> None:
    """A migrated person who has no audio key yet, and holds a token without a session, changes the password."""
    service = service_for(legacy_tokens_until=datetime.now(UTC) + timedelta(days=10))
    me = service.register()
    without(service, me["user_id"], "wrapped_audio_key", "recovery_wrapped_audio_key", "kdf", "audio_key_version")
    now = int(service.clock.now.timestamp())
    old = jwt.encode({"user_id": me["user_id"], "iat": now, "exp": now + 3600}, SECRET, algorithm="HS256")
    another = jwt.encode({"user_id": me["user_id"], "iat": now, "exp": now + 60}, SECRET, algorithm="HS256")
    passing = border.at(service.deps.gateway._client)
    assert service.post("/logout", token=another).status_code == 200
    assert told_by_transactions(passing) == {"signed_out"}, "or it would be told of a token that still works"
    assert service.get("/me", token=another).get_json()["code"] == "session_ended"
    body = {"current_password": PASSWORD, "new_password": NEW}
    changed = service.post("/password/change", body, token=old)
    assert (changed.status_code, changed.get_json()["wrapped_audio_key"]) == (200, None)
    assert service.get("/me", token=old).status_code == 401
    assert service.post("/login", {"email": me["email"], "password": NEW}).get_json()["recovery_key"]


def test_a_changed_password_without_an_email_tells_nobody(service: Service) -> None:
    """Somebody who has a password and no email changes it, and there is no mail to send."""
    me = service.register()
    before = len(service.mails(me["email"]))
    without(service, me["user_id"], "email")
    body = {"current_password": PASSWORD, "new_password": NEW}
    assert service.post("/password/change", body, token=me["token"]).status_code == 200
    assert len(service.mails(me["email"])) == before


def test_a_stolen_token_of_a_deleted_account_ends_quietly(service: Service) -> None:
    """Reuse in a family whose person is gone ends the family."""
    me = service.register()
    first = service.post("/refresh", {"refresh_token": me["refresh_token"]}).get_json()
    service.post("/refresh", {"refresh_token": first["refresh_token"]})
    service.deps.users.delete_person(me["user_id"])
    assert service.post("/refresh", {"refresh_token": me["refresh_token"]}).status_code == 401
    session_id = service.deps.access_tokens.read(first["token"], service.clock.now).sid
    assert session_id is not None
    lineage = service.deps.lineages.find(session_id)
    assert lineage is not None
    assert lineage.revoked
    assert service.deps.lineages.revoke("ses_that_never_was", service.clock.now) is False


def test_lists_of_hundreds_come_whole(service: Service) -> None:
    """An export goes on from page to page."""
    me = service.register()
    mine, many = me["user_id"], 205
    files = [{"file_id": f"{mine}-{n}", "user_id": mine, "uploaded_at": n, "s3_key": f"k{n}"} for n in range(many)]
    steps = [{"userId": mine, "timestamp": f"{n:04}", "flowId": "f"} for n in range(many)]
    events = [{"subject": mine, "at": f"1970#{n:04}", "action": "x"} for n in range(many)]
    service.deps.audio_files.write_many(puts=files)
    service.deps.oauth_logs.write_many(puts=steps)
    service.deps.audit.write_many(puts=events)
    export = service.get("/export", token=me["token"]).get_json()
    assert len(export["audio_files"]) == len(export["oauth_steps"]) == many
    assert len([each for each in export["events"] if each["action"] == "x"]) == many


def test_a_cache_of_people_is_bounded(service: Service) -> None:
    """Of more people than the cache holds the oldest is read again; nobody who is not there is remembered."""
    ids = [service.register()["user_id"] for _ in range(2)]
    known = KnownUsers(service.deps.users, timedelta(minutes=1), most=1)
    now = service.clock.now

    def anybody(_: User) -> bool:
        return True

    assert [known.find(each, now, anybody) is not None for each in ids] == [True, True]
    assert known.find("nobody", now, anybody) is None
    for each in ids:
        service.deps.users.delete_person(each)
    assert [known.find(each, now, anybody) is not None for each in ids] == [False, True]


def test_the_claim_of_somebody_else_is_not_released(service: Service) -> None:
    """A deletion that was interrupted, and whose email somebody else has by now, takes it from nobody."""
    me = service.register()
    service.deps.emails.release(me["email"], "another")
    assert service.deps.emails.find(me["email"]) is not None


def test_a_first_audio_key_comes_with_a_recovery_key(service: Service) -> None:
    """Somebody who has no audio key yet gets one by asking for a recovery key."""
    me = service.register()
    without(service, me["user_id"], "wrapped_audio_key", "recovery_wrapped_audio_key", "kdf", "audio_key_version")
    assert service.post("/recovery-key", {"current_password": PASSWORD}, token=me["token"]).status_code == 200
    again = service.post("/login", {"email": me["email"], "password": PASSWORD}).get_json()
    assert again["wrapped_audio_key"]
    assert "recovery_key" not in again


def test_a_notice_that_nobody_can_send_now_takes_nothing_back(service: Service) -> None:
    """When too much waits to be sent, the act is done all the same, and a log line says that the notice was not."""
    me = service.register()
    service.deps.later.finish()
    service.deps.later._taken = WAITING
    with capture_logs() as lines:
        body = {"current_password": PASSWORD, "new_password": NEW}
        changed = service.post("/password/change", body, token=me["token"])
    service.deps.later._taken = 0
    assert changed.status_code == 200
    assert [each["job"] for each in lines if each["event"] == "not_done_afterwards"] == ["password_changed"]
