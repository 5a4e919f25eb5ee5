"""Two acts that cross each other at one exact call, or that meet what the other has left behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest
from structlog.testing import capture_logs

from panzoto import create_app
from panzoto.crypto.passwords import Passwords
from panzoto.crypto.profiles import Profile
from panzoto.errors import Conflict, MessageNotSent, SessionEnded, WrongPassword
from panzoto.flows import _one_use
from panzoto.flows._audit import recording
from panzoto.flows._email_verification import PURPOSE
from panzoto.flows._sessions import end_one
from panzoto.flows.login import login
from panzoto.messages.message import Message
from panzoto.messages.post import NoSms, Post
from panzoto.models.store import batches, ledger
from panzoto.models.store.expressions import Change
from panzoto.models.store.transaction import transact
from panzoto.models.user import User
from panzoto.models.user_conditions import epoch_is
from panzoto.models.users import MOST_DEVICES
from tests.support import border
from tests.support.border import Send
from tests.support.phones import HERE, person, signed_in

from .conftest import API, PASSWORD, Service, new_email

NEW_PASSWORD = "AnotherPassword456!"
OLDER = Profile(19456, 3, 1)


def before_call(service: Service, number: int, act: Callable[[], object]) -> None:
    """Let something happen between our calls: just before the one of that number, counted from 1."""
    store = border.at(service.deps.gateway._client)
    store.expect(*[border.through] * (number - 1), border.after(act, border.through))


def found(service: Service, user_id: str) -> User:
    """Somebody, as they are now."""
    user = service.deps.users.find(user_id)
    assert user is not None
    return user


def email_link(service: Service, user: User, email: str) -> str:
    """A link that changes somebody's email."""
    deps = service.deps
    deps.users.change(user, deps.clock(), {"pending_email": email})
    return _one_use.issue(deps, PURPOSE, user, email, deps.config.email_verification_expiry, HERE, deps.clock())


def test_a_rehash_that_crosses_a_password_change(service: Service) -> None:
    """A sign-in that would bring the hash up to date is refused when the password was changed since it was checked."""
    account = service.register()
    change = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    answers = []
    before_call(
        service, 5, lambda: answers.append(service.post("/password/change", change, token=account["token"]).status_code)
    )
    with pytest.raises(WrongPassword):
        login(replace(service.deps, passwords=Passwords(OLDER)), account["email"], PASSWORD, HERE)
    assert answers == [200]


def test_a_rehash_that_crosses_the_end_of_all_sessions(service: Service) -> None:
    """A sign-in that was let in before all sessions ended, and writes a newer hash after it, has ended as well."""
    account = service.register()
    user = found(service, account["user_id"])
    before_call(service, 5, lambda: service.deps.users.raise_epoch(user, service.clock()))
    late = login(replace(service.deps, passwords=Passwords(OLDER)), account["email"], PASSWORD, HERE)
    assert service.get("/me", token=late.access_token).status_code == 401


def test_a_session_that_begins_after_all_were_ended(service: Service) -> None:
    """Its access token never works, and trying it ends the refresh token, which would give others that never work."""
    user = person(service.deps, new_email())
    service.deps.users.raise_epoch(user, service.clock())
    late = signed_in(service.deps, user)
    assert service.get("/me", token=late.access_token).status_code == 401
    assert service.post("/refresh", {"refresh_token": late.refresh_token}).status_code == 401


def test_a_device_that_crosses_another_password_stays_unknown(service: Service) -> None:
    """Whoever signs in by the old password while it is changed is neither signed in nor known afterwards."""
    account = service.register(device_id="the-owners")
    change = {"current_password": PASSWORD, "new_password": NEW_PASSWORD, "device_id": "the-owners"}
    before_call(service, 5, lambda: service.post("/password/change", change, token=account["token"]))
    thief = {"email": account["email"], "password": PASSWORD, "device_id": "the-thiefs"}
    assert service.post("/login", thief).status_code == 401
    assert len(found(service, account["user_id"]).devices) == 1


def test_a_cached_person_refuses_nobody(service_for: Callable[..., Service]) -> None:
    """With a cache, a session that is younger than the copy works at once, and goes on working."""
    service = service_for(revocation_cache_seconds=60)
    account = service.register()
    assert service.get("/me", token=account["token"]).status_code == 200
    change = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    begun = service.post("/password/change", change, token=account["token"]).get_json()
    assert service.get("/me", token=begun["token"]).status_code == 200
    assert service.post("/refresh", {"refresh_token": begun["refresh_token"]}).status_code == 200


def test_a_reset_link_to_an_email_that_was_given_up(service: Service) -> None:
    """Whoever reads the old mailbox cannot set a password after the email was changed."""
    account, wanted = service.register(), new_email()
    service.post("/password/forgot", {"email": account["email"]})
    link = service.link(account["email"], "reset")
    change = email_link(service, found(service, account["user_id"]), wanted)
    assert service.post("/email/verify", {"token": change}).status_code == 200
    body = {"token": link, "new_password": NEW_PASSWORD, "abandon_audio": True}
    assert service.post("/password/reset", body).status_code == 400
    assert service.post("/login", {"email": wanted, "password": PASSWORD}).status_code == 200


def test_a_reset_that_crosses_an_email_change(service: Service) -> None:
    """Whoever reads the old mailbox sets no password in the moment in which the account leaves it."""
    account, wanted = service.register(), new_email()
    service.post("/password/forgot", {"email": account["email"]})
    link = service.link(account["email"], "reset")
    change = email_link(service, found(service, account["user_id"]), wanted)
    before_call(service, 4, lambda: service.post("/email/verify", {"token": change}))
    body = {"token": link, "new_password": NEW_PASSWORD, "abandon_audio": True}
    assert service.post("/password/reset", body).status_code == 400
    assert service.post("/login", {"email": wanted, "password": PASSWORD}).status_code == 200


def test_a_verification_link_works_once(service: Service) -> None:
    """Of two uses that cross each other one is refused, where nothing but the link's own mark can tell."""
    account = service.register()
    link = {"token": service.link(account["email"], "verify")}
    answers = []
    before_call(service, 3, lambda: answers.append(service.post("/email/verify", link).status_code))
    assert service.post("/email/verify", link).status_code == 400
    assert answers == [200]
    assert ledger.current().flow == "none", "each request has put the ledger of before back"


def test_a_reset_that_crosses_another_way_in(service: Service) -> None:
    """What a stranger links while a reset proves the email for the first time is not left behind by it."""
    account = service.register()
    service.post("/password/forgot", {"email": account["email"]})
    link = service.link(account["email"], "reset")
    body = {"token": link, "new_password": NEW_PASSWORD, "abandon_audio": True}
    person, now = found(service, account["user_id"]), service.clock()
    before_call(service, 4, lambda: service.deps.users.change(person, now, {"identities": {"google"}}))
    assert service.post("/password/reset", body).get_json()["code"] == "link_invalid"
    assert service.post("/password/reset", body).status_code == 200
    assert found(service, account["user_id"]).identities == frozenset()


def test_two_reset_links_that_cross(service: Service) -> None:
    """The first ends the second, which was looked at before: the password is the first one's."""
    account = service.register()
    bodies = []
    for password in (NEW_PASSWORD, f"{NEW_PASSWORD}!"):
        service.post("/password/forgot", {"email": account["email"]})
        link = service.link(account["email"], "reset")
        bodies.append({"token": link, "new_password": password, "abandon_audio": True})
    assert bodies[0]["token"] != bodies[1]["token"]
    answers = []
    before_call(service, 4, lambda: answers.append(service.post("/password/reset", bodies[0]).status_code))
    assert service.post("/password/reset", bodies[1]).status_code == 400
    assert answers == [200]
    assert service.post("/login", {"email": account["email"], "password": NEW_PASSWORD}).status_code == 200


def test_an_email_change_that_crosses_a_deletion(service: Service) -> None:
    """An account on its way out claims no email: nobody would ever release it."""
    account, wanted = service.register(), new_email()
    change = email_link(service, found(service, account["user_id"]), wanted)
    headers = {"Authorization": f"Bearer {account['token']}"}
    before_call(
        service, 3, lambda: service.http.delete("/api/v1/auth/me", json={"current_password": PASSWORD}, headers=headers)
    )
    assert service.post("/email/verify", {"token": change}).status_code == 400
    service.deps.later.finish()
    assert service.deps.emails.find(wanted) is None
    assert service.deps.emails.find(account["email"]) is None


def test_nobody_is_made_of_somebody_deleted(service: Service) -> None:
    """What arrives after a deletion makes no item of a person who is gone."""
    ended = {"ses_old": service.clock() - timedelta(days=1)}
    user = person(service.deps, new_email(), ended=ended, devices=frozenset(map(str, range(MOST_DEVICES))))
    service.deps.users.delete_person(user.user_id)
    with pytest.raises(SessionEnded):
        service.deps.users.forget_ended(user, service.clock(), timedelta(minutes=15))
    with pytest.raises(SessionEnded):
        service.deps.users.remember_device(user, "new")
    with pytest.raises(Conflict):
        service.deps.users.change(user, service.clock(), {"name": "Ann"}, when=epoch_is(user))
    with pytest.raises(Conflict):
        service.deps.users.guard(user, service.clock(), timedelta(minutes=15))
    assert service.deps.users.find(user.user_id) is None


def test_nobody_new_is_made_of_somebody_deleted(service: Service) -> None:
    """Nor of somebody with one device, whose sessions were never ended: no epoch is not that of whoever is gone."""
    users, user = service.deps.users, person(service.deps, new_email())
    users.delete_person(user.user_id)
    with pytest.raises(SessionEnded):
        users.remember_device(user, "new")
    still = users.checking({"user_id": user.user_id}, when=epoch_is(user), otherwise=SessionEnded)
    with pytest.raises(SessionEnded):
        transact(service.deps.gateway, still)
    assert users.find(user.user_id) is None


def test_the_end_of_a_session_makes_nobody(service: Service) -> None:
    """A session that ends when its person is gone, or its lineage, makes no item of either."""
    deps, now = service.deps, service.clock()
    gone, here = person(deps, new_email()), person(deps, new_email())
    of_gone, of_here = signed_in(deps, gone).session_id, signed_in(deps, here).session_id
    deps.users.delete_person(gone.user_id)
    batches.write(deps.gateway, [deps.lineages.forgetting(of_here)])
    for user, session_id in ((gone, of_gone), (here, of_here)):
        with pytest.raises(SessionEnded):
            end_one(deps, user, session_id, now, now, recording(deps, user.user_id, "signed_out", HERE, now))
    assert not deps.lineages.revoke(of_here, now)
    assert deps.users.find(gone.user_id) is None
    assert deps.lineages.find(of_here) is None


def test_an_ended_session_is_known_for_longer_than_its_tokens(service: Service) -> None:
    """By as much as the clocks of two machines may be apart: a token of the slower one works a moment longer."""
    deps, user = service.deps, person(service.deps, new_email())
    ended, lasting = signed_in(deps, user).session_id, deps.config.jwt_access_expiry
    now = service.clock()
    end_one(deps, user, ended, now, now, recording(deps, user.user_id, "signed_out", HERE, now))
    for seconds, known in ((55, {ended}), (65, set())):
        later = service.clock() + lasting + timedelta(seconds=seconds)
        deps.users.forget_ended(found(service, user.user_id), later, lasting)
        assert set(found(service, user.user_id).ended) == known


class NoMail:
    """A mail provider that is down."""

    def send(self, message: Message, now: datetime) -> None:
        """Take nothing."""
        raise MessageNotSent("down")


def test_a_quiet_registration_tells_nothing(service_for: Callable[..., Service]) -> None:
    """With PREVENT_ENUMERATION a taken email and a new one get the same answer for as many calls, mail or no mail."""
    service = service_for(prevent_enumeration=True)
    deps = replace(service.deps, post=Post(mail=NoMail(), sms=NoSms()))
    silent = create_app(deps.config, deps).test_client()
    for http in (service.http, silent):
        email, seen = new_email(), []
        for _ in range(2):
            with capture_logs() as logs:
                answer = http.post("/api/v1/auth/register", json={"email": email, "password": PASSWORD})
            (line,) = [each for each in logs if each["event"] == "request"]
            seen.append((answer.status_code, answer.get_json(), line["trips"]))
            deps.later.finish()
        assert seen[0] == seen[1]
        assert seen[0][0] == 202


def test_a_sign_in_to_a_disabled_account_is_recorded(service: Service) -> None:
    """The right password of a disabled account is refused as a wrong one is, for as many calls, and leaves an event."""
    user = person(
        service.deps,
        new_email(),
        password_hash=service.deps.passwords.hash(PASSWORD),
        disabled_at=service.clock(),
    )
    seen = []
    for password in (PASSWORD, NEW_PASSWORD):
        with capture_logs() as logs:
            answer = service.post("/login", {"email": user.email, "password": password})
        (line,) = [each for each in logs if each["event"] == "request"]
        seen.append((answer.status_code, answer.get_json()["error"], line["trips"], line["writes"], line["reads"]))
    assert seen[0] == seen[1]
    assert seen[0][0] == 401
    events = list(service.deps.audit.all_of(user.user_id))
    assert [each["action"] for each in events] == ["sign_in_failed"] * 2


def test_two_first_sign_ins_of_a_migrated_person(service: Service) -> None:
    """Of two that would both make the audio key one does; the other signs in with the key that was made."""
    account = service.register()
    missing = ["wrapped_audio_key", "recovery_wrapped_audio_key", "kdf", "audio_key_version"]
    service.deps.users.update({"user_id": account["user_id"]}, Change(remove=missing))
    body = {"email": account["email"], "password": PASSWORD}
    first: list[dict[str, str]] = []
    before_call(service, 5, lambda: first.append(service.post("/login", body).get_json()))
    second = login(service.deps, account["email"], PASSWORD, HERE)
    assert first[0]["recovery_key"]
    assert second.recovery_key is None
    assert second.user.audio_key is not None
    assert second.user.audio_key.wrapped == first[0]["wrapped_audio_key"]


def before_the_write(service: Service, name: bytes, act: Callable[[], object]) -> list[Callable[[], object]]:
    """Let something happen once, just before a write that names an attribute; what is left of it."""
    left = [act]

    def meanwhile(request: AWSPreparedRequest, _: Send) -> None:
        body: Any = request.body
        if left and b"Get" not in request.headers["X-Amz-Target"].encode() and name in body:
            left.pop()()

    border.at(service.deps.gateway._client, then=meanwhile)
    return left


def test_a_sign_in_that_comes_after_all_others_have_ended(service: Service) -> None:
    """It began under the new epoch, and is none of those that end: it goes on, and can be ended."""
    me, new = service.register(), dict[str, Any]()

    def comes() -> None:
        new.update(service.post("/login", {"email": me["email"], "password": PASSWORD}).get_json())

    left = before_the_write(service, b"userId-tokenType-index", comes)
    assert service.post("/logout-all", token=me["token"]).status_code == 200
    assert left == []
    assert service.get("/me", token=me["token"]).status_code == 401
    refreshed = service.post("/refresh", {"refresh_token": new["refresh_token"]}).get_json()
    assert service.get("/me", token=refreshed["token"]).status_code == 200
    assert service.post("/logout", token=refreshed["token"]).status_code == 200
    assert service.get("/me", token=refreshed["token"]).status_code == 401


def test_a_new_password_that_crosses_a_new_email(service: Service) -> None:
    """Or the mailbox that was given up would hear of it, and the new one would not: it is looked at again."""
    me, wanted = service.register(), new_email()
    link = email_link(service, found(service, me["user_id"]), wanted)
    left = before_the_write(service, b"password_hash", lambda: service.post("/email/verify", {"token": link}))
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    assert service.post("/password/change", body, token=me["token"]).status_code == 409
    assert left == []
    answer = service.post("/password/change", body, token=me["token"])
    assert (answer.status_code, answer.get_json()["user"]["email"]) == (200, wanted)
    assert "password" in service.mails(wanted)[0]["subject"].lower()


def test_a_profile_that_crosses_a_new_email(service: Service) -> None:
    """The answer says what is there then."""
    me, wanted = service.register(), new_email()
    link = email_link(service, found(service, me["user_id"]), wanted)
    left = before_the_write(service, b"Ann Other", lambda: service.post("/email/verify", {"token": link}))
    headers = {"Authorization": f"Bearer {me['token']}"}
    answer = service.http.patch(f"{API}/me", json={"name": "Ann Other"}, headers=headers).get_json()
    assert left == []
    assert (answer["user"]["email"], answer["user"]["name"]) == (wanted, "Ann Other")


def test_a_new_email_that_crosses_the_end_of_all_sessions(service: Service) -> None:
    """A thief of a session asks for an email of theirs, and the owner ends it: the link is one of before, and dead."""
    me, theirs = service.register(), new_email()
    other = service.post("/login", {"email": me["email"], "password": PASSWORD}).get_json()
    asked: list[str] = []

    def meanwhile(request: AWSPreparedRequest, _: Send) -> None:
        body: Any = request.body
        if b"pending_email" in body and not asked:
            asked.append("now")
        elif asked == ["now"]:  # it is written, and the link is not sent yet
            asked.append("done")
            assert service.post("/logout-all", token=other["token"]).status_code == 200

    border.at(service.deps.gateway._client, then=meanwhile)
    headers = {"Authorization": f"Bearer {me['token']}"}
    service.http.patch(f"{API}/me", json={"email": theirs, "current_password": PASSWORD}, headers=headers)
    assert asked == ["now", "done"]
    assert service.post("/email/verify", {"token": service.link(theirs, "verify")}).status_code == 400
    assert found(service, me["user_id"]).email == me["email"]


def test_two_ends_of_all_sessions_that_cross(service: Service) -> None:
    """Whoever has signed in between the two is ended by the second, and refreshes no more."""
    me, third = service.register(), dict[str, Any]()
    other = service.post("/login", {"email": me["email"], "password": PASSWORD}).get_json()

    def between() -> None:
        assert service.post("/logout-all", token=other["token"]).status_code == 200
        third.update(service.post("/login", {"email": me["email"], "password": PASSWORD}).get_json())

    left = before_the_write(service, b"session_epoch", between)
    assert service.post("/logout-all", token=me["token"]).status_code == 200
    assert left == []
    assert service.post("/refresh", {"refresh_token": third["refresh_token"]}).status_code == 401
    assert service.deps.sessions.of(me["user_id"]) == []


@pytest.mark.parametrize("epoch", [{}, {"epoch": None}], ids=["none", "null"])
def test_a_session_of_older_software_ends_with_all_others(service: Service, epoch: dict[str, None]) -> None:
    """It says of no epoch that it is its own."""
    me = service.register()
    other = service.post("/login", {"email": me["email"], "password": PASSWORD}).get_json()
    for item in service.deps.sessions.items_of(me["user_id"]):
        item.pop("epoch")
        service.deps.sessions.put({**item, **epoch})
    assert service.post("/logout-all", token=me["token"]).status_code == 200
    assert service.post("/refresh", {"refresh_token": other["refresh_token"]}).status_code == 401
    assert service.deps.sessions.of(me["user_id"]) == []


def test_the_end_of_all_sessions_of_somebody_who_is_gone(service: Service) -> None:
    """No item is made of them."""
    me = service.register()
    before_the_write(service, b"session_epoch", lambda: service.deps.users.delete_person(me["user_id"]))
    assert service.post("/logout-all", token=me["token"]).status_code == 401
    assert service.deps.users.get({"user_id": me["user_id"]}) is None


@pytest.mark.parametrize("change", [{"password_hash": "x"}, {"identities": {"google"}}], ids=["password", "identity"])
@pytest.mark.parametrize("path", ["/password/change", "/recovery-key"])
def test_what_asks_for_the_password_crosses_a_change(service: Service, path: str, change: dict[str, Any]) -> None:
    """What was read of somebody is still so when it is changed, or it is looked at again."""
    me = service.register()
    user = found(service, me["user_id"])
    left = before_the_write(
        service, b"wrapped_audio_key", lambda: service.deps.users.change(user, service.clock(), change)
    )
    body = {"current_password": PASSWORD, **({"new_password": NEW_PASSWORD} if "change" in path else {})}
    crosses = "change" in path or "password_hash" in change
    assert service.post(path, body, token=me["token"]).status_code == (409 if crosses else 200)
    assert left == []


def test_a_role_that_is_given_while_its_owner_leaves(service: Service) -> None:
    """They stay, and look at it again: who knows of them as an administrator must hear of it."""
    me = service.register()
    user = found(service, me["user_id"])
    left = before_the_write(
        service, b"deleting_at", lambda: service.deps.users.change(user, service.clock(), {"roles": {"support"}})
    )
    headers = {"Authorization": f"Bearer {me['token']}"}
    answer = service.http.delete(f"{API}/me", json={"current_password": PASSWORD}, headers=headers)
    assert (answer.status_code, left) == (409, [])
    assert found(service, me["user_id"]).deleting_at is None
