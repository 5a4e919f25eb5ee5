"""Somebody signs in by password."""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import bcrypt
import jwt
import pytest
from argon2 import PasswordHasher
from structlog.testing import capture_logs

from limits import changed as limits_of
from panzoto.crypto.keys import new_key_salt
from panzoto.flows.admin import acts
from panzoto.flows.admin.staff import operator
from panzoto.models.store.expressions import Change
from panzoto.models.user import SUPPORT
from tests.support.configs import SECRET

from .conftest import PASSWORD, Service, new_email, replace_gate, service_with


def migrated(service: Service, password_hash: str) -> tuple[str, bytes]:
    """A person as the move from PostgreSQL writes one: no audio key, and a hash of another kind."""
    email, salt, user_id = new_email(), new_key_salt(), secrets.token_hex(8)
    item = {"user_id": user_id, "email": email, "password_hash": password_hash, "key_salt": b64encode(salt).decode()}
    service.deps.users.put({**item, "created_at": 1, "created_at_iso": "2024-01-01T00:00:00"})
    service.deps.emails.put({"PK": f"EMAIL#{email}", "SK": "METADATA", "user_id": user_id})
    return email, salt


def hash_of(service: Service, email: str) -> str:
    """The stored hash of a person."""
    claim = service.deps.emails.find(email)
    assert claim is not None
    user = service.deps.users.find(claim["user_id"])
    assert user is not None
    assert user.password_hash is not None
    return user.password_hash


def test_a_right_password_signs_in(service: Service) -> None:
    """The seed's login: 200, its fields, and a token that works."""
    me = service.register()
    response = service.http.post("/api/login", json={"email": me["email"], "password": PASSWORD})
    assert response.status_code == 200
    answer = response.get_json()
    assert (answer["user_id"], answer["key_salt"]) == (me["user_id"], me["key_salt"])
    assert service.get("/me", token=answer["token"]).status_code == 200
    assert answer["refresh_token"] != me["refresh_token"]


def test_wrong_and_unknown_are_the_same(service: Service) -> None:
    """A wrong password and an unknown email get the same status and body, but for the request's id."""
    me = service.register()
    wrong = service.post("/login", {"email": me["email"], "password": "not the password"})
    unknown = service.post("/login", {"email": new_email(), "password": "not the password"})
    assert wrong.status_code == unknown.status_code == 401
    assert {**wrong.get_json(), "request_id": ""} == {**unknown.get_json(), "request_id": ""}
    assert wrong.get_json()["error"] == "Invalid email or password"


@pytest.mark.parametrize("length", [8, 71, 72, 73, 100])
def test_bcrypt_users_sign_in_and_are_upgraded(service: Service, length: int) -> None:
    """A migrated bcrypt hash verifies, past bcrypt's 72 bytes too, and is then Argon2id of the whole password."""
    password = ("pass word " * 20)[:length]
    stored = bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(4)).decode()
    email, salt = migrated(service, stored)
    assert service.post("/login", {"email": email, "password": "wrong " + password}).status_code == 401
    first = service.post("/login", {"email": email, "password": password})
    assert first.status_code == 200
    assert first.get_json()["key_salt"] == salt.hex()
    assert first.get_json()["recovery_key"]
    assert hash_of(service, email).startswith("$argon2id$")
    again = service.post("/login", {"email": email, "password": password}).get_json()
    assert "recovery_key" not in again
    assert again["wrapped_audio_key"] == first.get_json()["wrapped_audio_key"]
    if length > 72:
        assert service.post("/login", {"email": email, "password": password[:72]}).status_code == 401


def test_another_profile_is_upgraded(service: Service) -> None:
    """A hash of an older profile is replaced at the next sign-in, and one of today's is not touched."""
    email, _ = migrated(service, PasswordHasher(time_cost=3, memory_cost=65536, parallelism=4).hash(PASSWORD))
    assert service.post("/login", {"email": email, "password": PASSWORD}).status_code == 200
    upgraded = hash_of(service, email)
    assert "m={},t={},p={}".format(*service.deps.passwords.profile.numbers) in upgraded
    assert service.post("/login", {"email": email, "password": PASSWORD}).status_code == 200
    assert hash_of(service, email) == upgraded


@pytest.mark.parametrize(
    "stored", ["", "plain", "$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHQ$aGFzaA", "$2b$31$" + "a" * 53]
)
def test_a_hash_that_would_cost_too_much_is_not_worked_on(service: Service, stored: str) -> None:
    """An imported hash that is none, or asks for gigabytes or hours, is a wrong password."""
    email, _ = migrated(service, stored)
    assert service.post("/login", {"email": email, "password": PASSWORD}).status_code == 401


def test_guesses_are_limited_for_each_account(service_for: Callable[..., Service]) -> None:
    """Over the limit a right password is refused too, with 429, until the window is over."""
    service = service_for(rate_limits=limits_of("login.account=3/15m"))
    me = service.register()
    for _ in range(3):
        assert service.post("/login", {"email": me["email"], "password": "wrong one"}).status_code == 401
    refused = service.post("/login", {"email": me["email"], "password": PASSWORD})
    assert refused.status_code == 429
    service.clock.pass_by(minutes=15)
    assert service.post("/login", {"email": me["email"], "password": PASSWORD}).status_code == 200


def test_an_unknown_email_is_limited_the_same(service_for: Callable[..., Service]) -> None:
    """The limit tells nothing of whether there is an account."""
    service = service_for(rate_limits=limits_of("login.account=1/15m"))
    email = new_email()
    statuses = [service.post("/login", {"email": email, "password": "wrong one"}).status_code for _ in range(2)]
    assert statuses == [401, 429]


def test_a_right_password_clears_the_count(service_for: Callable[..., Service]) -> None:
    """Somebody who mistypes now and then is never locked out."""
    service = service_for(rate_limits=limits_of("login.account=3/15m"))
    me = service.register()
    for _ in range(4):
        assert service.post("/login", {"email": me["email"], "password": "wrong one"}).status_code == 401
        assert service.post("/login", {"email": me["email"], "password": PASSWORD}).status_code == 200


def test_strangers_cannot_lock_a_known_device_out(service_for: Callable[..., Service]) -> None:
    """A device that has signed in before has guesses of its own; a device's name that is made up has not."""
    service = service_for(rate_limits=limits_of("login.account=2/15m"))
    me = service.register(device_id="my-phone-4711")
    for _ in range(3):
        service.post("/login", {"email": me["email"], "password": "wrong one"})
    body = {"email": me["email"], "password": PASSWORD}
    assert service.post("/login", {**body, "device_id": "a-guess"}).status_code == 429
    assert service.post("/login", {**body, "device_id": "my-phone-4711"}).status_code == 200


def test_guesses_are_limited_for_each_address(service_for: Callable[..., Service]) -> None:
    """One address cannot try one password on many accounts; another address is not held up."""
    service = service_for(rate_limits=limits_of("login.address=2/15m"), trusted_proxies=1)
    me = service.register()
    body = {"email": me["email"], "password": PASSWORD}

    def status(address: str) -> int:
        return service.http.post("/api/login", json=body, headers={"X-Forwarded-For": address}).status_code

    assert [status("203.0.113.1") for _ in range(3)] == [200, 200, 429]
    assert status("203.0.113.2") == 200


def test_a_new_device_is_told(service: Service) -> None:
    """A sign-in from a device that was not known sends a mail, the next from it does not."""
    me = service.register(device_id="first-phone")
    body = {"email": me["email"], "password": PASSWORD}
    before = len(service.mails(me["email"]))
    for device in ("first-phone", "second-phone", "second-phone"):
        assert service.post("/login", {**body, "device_id": device}).status_code == 200
    assert len(service.mails(me["email"])) == before + 1


@pytest.mark.parametrize("device", ["", "a" * 129, "with space", "ünicode", "a\nb"])
def test_a_strange_device_id_is_refused(service: Service, device: str) -> None:
    """A device's id is printable ASCII of bounded length."""
    response = service.post("/login", {"email": new_email(), "password": PASSWORD, "device_id": device})
    assert response.status_code == 400


@pytest.mark.parametrize("waiting", [0, 1])
def test_a_flood_of_sign_ins_is_refused_quickly(service_for: Callable[..., Service], waiting: int) -> None:
    """When as many hashes are worked on as may be, the next hears 503 with Retry-After, and no guess is used up."""
    service = service_for(rate_limits=limits_of("login.account=1/15m,login.address=1/15m,password.account=1/15m"))
    me = service.register()
    full = replace_gate(service, waiting=waiting)
    with full.passwords.gate.passing():
        client = service_with(service, full)
        response = client.post("/api/login", json={"email": me["email"], "password": PASSWORD})
        body = {"current_password": PASSWORD, "new_password": "another fine one 12"}
        bearer = {"Authorization": f"Bearer {me['token']}"}
        assert client.post("/api/v1/auth/password/change", json=body, headers=bearer).status_code == 503
    assert (response.status_code, response.get_json()["code"]) == (503, "overloaded")
    assert int(response.headers["Retry-After"]) >= 1
    assert service.post("/login", {"email": me["email"], "password": PASSWORD}).status_code == 200


@pytest.mark.parametrize("path", ["/login", "/register"])
def test_what_cannot_be_hashed_is_not_looked_up(service: Service, path: str) -> None:
    """While the queue for hashing is full, a stranger is refused before anything is asked of the store."""
    full = replace_gate(service, waiting=0)
    with full.passwords.gate.passing(), capture_logs() as logs:
        body = {"email": new_email(), "password": PASSWORD}
        answer = service_with(service, full).post(f"/api/v1/auth{path}", json=body)
    assert answer.status_code == 503
    (line,) = [each for each in logs if each["event"] == "request"]
    assert line["trips"] == 0


def test_what_was_forgotten_is_not_taken_back(service: Service) -> None:
    """A charge that is taken back when a sign-in has cleared the count makes no count below zero, and no item."""
    rates, now = service.deps.rates, service.clock.now
    rates.charge("login.account", "somebody", now)
    rates.clear("login.account", "somebody", now)
    rates.give_back("login.account", "somebody", now)
    assert rates.charge("login.account", "somebody", now) == 1


def test_an_old_backends_token_works_until_its_date(service_for: Callable[..., Service]) -> None:
    """A 30-day token of the old backend is honoured until the date, and ended by signing out everywhere."""
    service = service_for(legacy_tokens_until=datetime.now(UTC) + timedelta(days=10))
    me = service.register()
    issued = service.clock.now - timedelta(days=1)
    payload = {
        "user_id": me["user_id"],
        "iat": int(issued.timestamp()),
        "exp": int((issued + timedelta(days=30)).timestamp()),
    }
    old = jwt.encode(payload, SECRET, algorithm="HS256")
    assert service.get("/me", token=old).status_code == 200
    assert service.get("/me", token=jwt.encode(payload, "x" * 40, algorithm="HS256")).status_code == 401
    assert service.post("/logout-all", token=me["token"]).status_code == 200
    assert service.get("/me", token=old).get_json()["code"] == "session_ended"
    fresh = {**payload, "iat": int(service.clock.now.timestamp()) + 60}
    service.clock.pass_by(minutes=2)
    newer = jwt.encode(fresh, SECRET, algorithm="HS256")
    assert service.get("/me", token=newer).status_code == 200
    service.clock.pass_by(days=11)
    assert service.get("/me", token=newer).status_code == 401


@pytest.mark.parametrize("act", ["disabled and enabled", "without a role", "another password"])
def test_an_old_backends_token_ends_with_the_sessions(service_for: Callable[..., Service], act: str) -> None:
    """Whatever ends all sessions ends it, too, though it knows of no epoch."""
    service = service_for(legacy_tokens_until=datetime.now(UTC) + timedelta(days=10))
    me, boss, now = service.register(), operator("tests"), int(service.clock.now.timestamp())
    assert service.post("/email/verify", {"token": service.link(me["email"], "verify")}).status_code == 200
    acts.grant_role(service.deps, boss, me["user_id"], SUPPORT)
    old = jwt.encode({"user_id": me["user_id"], "iat": now, "exp": now + 3600}, SECRET, algorithm="HS256")
    assert service.get("/me", token=old).status_code == 200
    if act == "disabled and enabled":
        acts.disable(service.deps, boss, me["user_id"])
        acts.enable(service.deps, boss, me["user_id"])
    elif act == "without a role":
        acts.revoke_role(service.deps, boss, me["user_id"], SUPPORT)
    else:
        service.post("/password/forgot", {"email": me["email"]})
        link = service.link(me["email"], "reset")
        body = {"token": link, "new_password": "a brand new one 42", "abandon_audio": True}
        assert service.post("/password/reset", body).status_code == 200
    assert service.get("/me", token=old).get_json()["code"] == "session_ended"


def test_without_a_date_an_old_token_is_refused(service: Service) -> None:
    """Nobody who did not ask for it honours tokens without a session."""
    me = service.register()
    now = int(service.clock.now.timestamp())
    old = jwt.encode({"user_id": me["user_id"], "iat": now, "exp": now + 60}, SECRET, algorithm="HS256")
    assert service.get("/me", token=old).status_code == 401


@pytest.mark.parametrize("salt", [None, "", "c2hvcnQ=", "no base64!", "abcde"])
def test_a_migrated_person_with_an_odd_salt_signs_in(service: Service, salt: str | None) -> None:
    """A salt that no key could be derived with is replaced at the first sign-in, when there is no key yet."""
    email, _ = migrated(service, PasswordHasher(time_cost=3, memory_cost=12288, parallelism=1).hash(PASSWORD))
    claim = service.deps.emails.find(email)
    assert claim is not None
    service.deps.users.update({"user_id": claim["user_id"]}, Change(set={"key_salt": salt}))
    answer = service.post("/login", {"email": email, "password": PASSWORD})
    assert answer.status_code == 200
    assert len(bytes.fromhex(answer.get_json()["key_salt"])) == 32
    assert (
        service.post("/login", {"email": email, "password": PASSWORD}).get_json()["key_salt"]
        == answer.get_json()["key_salt"]
    )


def test_a_sign_in_without_a_device_is_told_too(service: Service) -> None:
    """Whoever leaves the device's name out does not go unnoticed on an account that has one."""
    me = service.register(device_id="my-phone")
    before = len(service.mails(me["email"]))
    service.post("/login", {"email": me["email"], "password": PASSWORD})
    assert len(service.mails(me["email"])) == before + 1


def test_a_stranger_elsewhere_locks_nobody_out(service_for: Callable[..., Service]) -> None:
    """Guesses from one network are its own: the owner signs in from another, without a device's name too."""
    service = service_for(rate_limits=limits_of("login.account=2/15m"), trusted_proxies=1)
    me = service.register()

    def status(network: int, password: str) -> int:
        headers = {"X-Forwarded-For": f"203.0.113.{network}"}
        body = {"email": me["email"], "password": password}
        return service.http.post("/api/login", json=body, headers=headers).status_code

    assert [status(1, "wrong one") for _ in range(4)] == [401, 401, 429, 429]
    assert status(2, PASSWORD) == 200


@pytest.mark.parametrize("known", [True, False])
def test_guesses_from_everywhere_guard_the_account(service_for: Callable[..., Service], *, known: bool) -> None:
    """Past a limit for wrong guesses from wherever, no stranger signs in, right or wrong, until the window ends.

    It is the same for an email that nobody has. A device that has signed in before is not held up.
    """
    service = service_for(rate_limits=limits_of("login.anywhere=3/15m"), trusted_proxies=1)
    service.clock.now = service.clock.now.replace(minute=0)
    email = service.register(device_id="my-phone")["email"] if known else new_email()

    def status(network: int, password: str, **more: str) -> int:
        headers = {"X-Forwarded-For": f"203.0.113.{network}"}
        body = {"email": email, "password": password, **more}
        return service.http.post("/api/login", json=body, headers=headers).status_code

    assert [status(each, "wrong one") for each in range(1, 7)] == [401, 401, 401, 429, 429, 429]
    assert status(8, PASSWORD) == 429
    if known:
        assert status(9, "wrong one", device_id="my-phone") == 401
        assert status(9, PASSWORD, device_id="my-phone") == 200
        service.clock.pass_by(minutes=15)
        assert status(10, PASSWORD) == 200


def test_a_quiet_registration_knows_no_device(service_for: Callable[..., Service]) -> None:
    """Or its guesses would go on where those at an email that is taken have ended, and tell the one from the other."""
    service = service_for(prevent_enumeration=True)
    free, answers = new_email(), list[int]()
    body = {"email": free, "password": PASSWORD, "device_id": "spy"}
    assert service.post("/register", body).status_code == 202
    service.deps.later.finish()
    while service.post("/login", {"email": free, "password": "not this one"}).status_code == 401:
        continue
    answers.append(service.post("/login", {**body, "password": "not this one"}).status_code)
    assert answers == [429]
