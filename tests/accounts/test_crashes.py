"""The process ends after the first, the second, … of a flow's calls: nothing is granted, and nobody is locked out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import limits
from panzoto.crypto import keys
from panzoto.deps import Deps
from panzoto.flows import _one_use
from panzoto.flows._email_verification import PURPOSE
from panzoto.flows.delete_me import erase
from tests.support import border
from tests.support.effort import EVERY
from tests.support.phones import HERE

from .conftest import PASSWORD, Service, new_email

NEW_PASSWORD = "AnotherPassword456!"
UNLIMITED = limits.changed(",".join(f"{limit.name}=1000000/1h" for limit in limits.DEFAULTS.each))
MOST_CALLS = 30


class Crash(BaseException):
    """The process ends; no code of ours can hear of it."""


@pytest.fixture
def service(service_for: Callable[..., Service]) -> Service:
    """The service without limits, and with the smallest of OWASP's profiles."""
    return service_for(argon2_memory_kib=12288, argon2_iterations=3, rate_limits=UNLIMITED)


class Crashes:
    """Does something again and again: first it crashes at once, then after one call, then after two, until it ends."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.store = border.at(service.deps.gateway._client)

    def each(self, act: Callable[[Any], object], prepare: Callable[[], Any]) -> Iterator[Any]:
        """What was prepared, after each of the crashes."""
        for calls in range(0, MOST_CALLS, EVERY):
            prepared = prepare()
            with self.after(calls) as crashed:
                act(prepared)
                self.service.deps.later.finish()
            ended = len(self.store.requests) <= calls
            self.store.expect()
            yield prepared
            if ended:
                assert calls > 1, "a flow of so few calls was not reached"
                assert not crashed
                return
        raise AssertionError("the flow did not end")

    @contextmanager
    def after(self, calls: int) -> Iterator[list[Crash]]:
        """Crash after so many calls."""
        crashed: list[Crash] = []
        self.store.expect(*[border.through] * calls, then=_crash)
        try:
            yield crashed
        except Crash as crash:
            crashed.append(crash)


def _crash(*_: object) -> None:
    raise Crash


@pytest.fixture
def crashes(service: Service) -> Crashes:
    """Crashes of the service."""
    return Crashes(service)


def signs_in(service: Service, email: str, password: str) -> dict[str, Any] | None:
    """What a sign-in gives, if it is let in. The audio key that it gives is the password's."""
    answer = service.post("/login", {"email": email, "password": password})
    assert answer.status_code in {200, 401}
    if answer.status_code == 401:
        return None
    body: dict[str, Any] = answer.get_json()
    wrapping = service.deps.password_keys.derive(password, bytes.fromhex(body["key_salt"]), body["kdf"])
    keys.unwrap(body["wrapped_audio_key"], wrapping, body["user_id"])
    return body


def works(service: Service, tokens: dict[str, Any]) -> bool:
    """Whether the access token works, or one that the refresh token still gives."""
    if service.get("/me", token=tokens["token"]).status_code == 200:
        return True
    answer = service.post("/refresh", {"refresh_token": tokens["refresh_token"]})
    assert answer.status_code in {200, 401}
    return answer.status_code == 200 and works(service, answer.get_json())


def claimed_by(deps: Deps, email: str) -> str | None:
    """Whose an email is."""
    return (deps.emails.find(email) or {}).get("user_id")


def test_register(service: Service, crashes: Crashes) -> None:
    """Either there is nothing, and the same registration succeeds, or the account is there, and its owner signs in."""
    for email in crashes.each(
        lambda email: service.post("/register", {"email": email, "password": PASSWORD}), new_email
    ):
        again = service.post("/register", {"email": email, "password": PASSWORD})
        assert again.status_code in {201, 409}
        body = signs_in(service, email, PASSWORD)
        assert body is not None
        assert claimed_by(service.deps, email) == body["user_id"]


def test_login(service: Service, crashes: Crashes) -> None:
    """Nobody is locked out of their account, and the list of sessions is read as before."""
    account = service.register()
    credentials = {"email": account["email"], "password": PASSWORD, "device_id": "d"}
    for _ in crashes.each(lambda _: service.post("/login", credentials), lambda: None):
        tokens = signs_in(service, account["email"], PASSWORD)
        assert tokens is not None
        assert service.get("/sessions", token=tokens["token"]).status_code == 200


def test_logout(service: Service, crashes: Crashes) -> None:
    """Whoever got no answer asks again; then, at the latest, nothing works."""
    account = service.register()

    def begin() -> dict[str, Any]:
        tokens = signs_in(service, account["email"], PASSWORD)
        assert tokens is not None
        return tokens

    for tokens in crashes.each(lambda tokens: service.post("/logout", token=tokens["token"]), begin):
        ended = service.get("/me", token=tokens["token"]).status_code == 401
        assert not ended or not works(service, tokens), "one of both ended, and not the other"
        service.post("/logout", token=tokens["token"])
        assert not works(service, tokens)


def test_reuse(service: Service, crashes: Crashes) -> None:
    """A thief whose old token was noticed has nothing once the token was presented again."""
    account = service.register()

    def begin() -> tuple[dict[str, Any], dict[str, Any]]:
        first = signs_in(service, account["email"], PASSWORD)
        assert first is not None
        child = service.post("/refresh", {"refresh_token": first["refresh_token"]}).get_json()
        newest = service.post("/refresh", {"refresh_token": child["refresh_token"]}).get_json()
        return first, newest

    def present(both: tuple[dict[str, Any], dict[str, Any]]) -> int:
        return service.post("/refresh", {"refresh_token": both[0]["refresh_token"]}).status_code

    for both in crashes.each(present, begin):
        assert present(both) == 401
        assert not works(service, both[1])
        assert not works(service, both[0])


def test_password_change(service: Service, crashes: Crashes) -> None:
    """One password works, the old one or the new one, and opens the audio key; after a change no old token does."""

    def change(account: dict[str, Any]) -> None:
        body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
        service.post("/password/change", body, token=account["token"])

    for account in crashes.each(change, service.register):
        old, new = (signs_in(service, account["email"], password) for password in (PASSWORD, NEW_PASSWORD))
        assert (old is None) != (new is None)
        assert works(service, account) == (new is None)


def test_reset(service: Service, crashes: Crashes) -> None:
    """Until the password is the new one the link works; from then on no old token does, and the audio key is kept."""

    def asked() -> dict[str, Any]:
        account = service.register()
        service.post("/password/forgot", {"email": account["email"]})
        return {**account, "link": service.link(account["email"], "reset")}

    def reset(account: dict[str, Any]) -> int:
        body = {"token": account["link"], "new_password": NEW_PASSWORD, "recovery_key": account["recovery_key"]}
        return service.post("/password/reset", body).status_code

    for account in crashes.each(reset, asked):
        done = signs_in(service, account["email"], NEW_PASSWORD) is not None
        assert works(service, account) == (not done)
        assert reset(account) == (400 if done else 200)
        assert signs_in(service, account["email"], NEW_PASSWORD) is not None


def test_email_change(service: Service, crashes: Crashes) -> None:
    """The person has one email and its claim, the old ones or the new ones; the other email is free."""
    deps = service.deps

    def asked() -> dict[str, Any]:
        account, wanted = service.register(), new_email()
        user = deps.users.find(account["user_id"])
        assert user is not None
        lifetime = deps.config.email_verification_expiry
        return {
            **account,
            "wanted": wanted,
            "link": _one_use.issue(deps, PURPOSE, user, wanted, lifetime, HERE, deps.clock()),
        }

    for each in crashes.each(lambda each: service.post("/email/verify", {"token": each["link"]}), asked):
        user = deps.users.find(each["user_id"])
        assert user is not None
        assert user.email in {each["email"], each["wanted"]}
        claims = {email: claimed_by(deps, email) for email in (each["email"], each["wanted"])}
        assert {email for email, owner in claims.items() if owner} == {user.email}
        assert signs_in(service, user.email or "", PASSWORD) is not None


def test_delete(service: Service, crashes: Crashes) -> None:
    """Either the account is as it was, or nothing of it works, and beginning again deletes the rest."""
    deps = service.deps

    def delete(account: dict[str, Any]) -> None:
        service.http.delete("/api/v1/auth/me", json={"current_password": PASSWORD}, headers=_bearer(account))

    for account in crashes.each(delete, service.register):
        user = deps.users.find(account["user_id"])
        if user is not None and user.deleting_at is None:
            assert works(service, account)
            assert signs_in(service, account["email"], PASSWORD) is not None
            continue
        assert not works(service, account)
        assert signs_in(service, account["email"], PASSWORD) is None
        if user is not None:
            erase(deps, user)
        assert deps.users.find(account["user_id"]) is None
        assert deps.sessions.of(account["user_id"]) == []
        service.register(account["email"])


def _bearer(account: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {account['token']}"}
