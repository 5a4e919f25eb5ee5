"""An approval that ends while somebody comes in: before the first of the calls, the second, … and after the last."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from werkzeug.test import TestResponse

from panzoto.deps import Deps, build
from panzoto.flows.approvals import approve, end_approval
from panzoto.flows.delete_me import erase
from tests.support import border
from tests.support.effort import EVERY

from .conftest import (
    APPROVED,
    BY,
    NEW_PASSWORD,
    PASSWORD,
    Service,
    approved,
    asked_for,
    code_in,
    entered,
    found,
    lives,
    login,
    magic_link,
    member,
    refresh,
    refused,
    with_phone,
)

MOST_CALLS = 30
SOON = timedelta(minutes=5)  # before an access token would have ended by itself

Come = Callable[[], TestResponse]
Undo = Callable[[Deps, str], object]


@pytest.fixture
def service(service_for: Callable[..., Service]) -> Service:
    """The service, patient: what happens between two of its calls is no fault of the store."""
    return service_for(**APPROVED, dynamodb_deadline=timedelta(seconds=60), recent_sign_in=timedelta(days=1))


@pytest.fixture
def elsewhere(service: Service) -> Deps:
    """What an operator's command stands on, in another process."""
    return replace(build(service.deps.config), clock=service.clock)


def taken_away(deps: Deps, email: str) -> None:
    """The approval ends now."""
    end_approval(deps, email, BY)


def shortened(deps: Deps, email: str) -> None:
    """The approval ends soon."""
    approve(deps, email, BY, expires_at=deps.clock() + SOON)


# ── ways in: each gives the email whose approval counts, and the last step, which is crossed ────────────────────────
def by_password(service: Service) -> tuple[str, Come]:
    """A sign-in like any other."""
    email = member(service)["email"]
    return email, lambda: login(service, email)


def by_password_first(service: Service) -> tuple[str, Come]:
    """The first sign-in after a registration, which makes the audio key."""
    email = approved(service)
    assert service.post("/email/verify", {"token": asked_for(service, email)}).status_code == 200
    return email, lambda: login(service, email)


def by_refresh(service: Service) -> tuple[str, Come]:
    """A session that goes on."""
    tokens = member(service)
    return tokens["email"], lambda: refresh(service, tokens)


def by_reset(service: Service) -> tuple[str, Come]:
    """A new password by mail."""
    email = member(service)["email"]
    service.post("/password/forgot", {"email": email})
    body = {"token": service.link(email, "reset"), "new_password": NEW_PASSWORD, "abandon_audio": True}
    return email, lambda: service.post("/password/reset", body)


def by_change(service: Service) -> tuple[str, Come]:
    """A new password in place of the old one."""
    tokens = member(service)
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    return tokens["email"], lambda: service.post("/password/change", body, token=tokens["token"])


def by_code(service: Service) -> tuple[str, Come]:
    """A code to the phone of the account."""
    tokens = member(service)
    phone = with_phone(service, tokens)
    service.clock.pass_by(minutes=1)
    service.post("/initiate-otp", {"phone_number": phone})
    body = {"phone_number": phone, "otp": code_in(service, phone)}
    return tokens["email"], lambda: service.post("/verify-otp", body)


def by_link(service: Service) -> tuple[str, Come]:
    """A link to somebody who has an account."""
    email = member(service)["email"]
    body = {"token": magic_link(service, email)}
    return email, lambda: service.post("/magic-link/verify", body)


def by_first_link(service: Service) -> tuple[str, Come]:
    """A link that makes the account."""
    email = approved(service)
    body = {"token": magic_link(service, email)}
    return email, lambda: service.post("/magic-link/verify", body)


WAYS = [by_password, by_password_first, by_refresh, by_reset, by_change, by_code, by_link, by_first_link]


def crossed(
    service: Service, elsewhere: Deps, way: Callable[[Service], tuple[str, Come]], undo: Undo
) -> Iterator[TestResponse]:
    """The answer to a way in, for each of its calls before which the approval is undone, and for after the last."""
    store, here = border.at(service.deps.gateway._client), threading.current_thread()
    for call in range(1, MOST_CALLS, EVERY):
        email, come = way(service)
        service.deps.later.finish()
        calls: list[bool] = []

        def before_each(calls: list[bool] = calls, number: int = call, email: str = email) -> None:
            if threading.current_thread() is here:  # what is done after the answer crosses nothing
                calls.append(True)
                if len(calls) == number:
                    undo(elsewhere, email)

        store.expect(then=border.after(before_each, border.through))
        answer = come()
        service.deps.later.finish()
        store.expect()
        if len(calls) < call:
            undo(elsewhere, email)
        yield answer
        if len(calls) < call:
            assert call > 2, "a way of so few calls was not gone"
            return
    raise AssertionError("the way did not end")


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_no_session_begins_without_its_approval(
    service: Service, elsewhere: Deps, way: Callable[[Service], tuple[str, Come]]
) -> None:
    """Wherever a removal crosses a way in, it is refused, or what it gave is dead when both are done: at once."""
    answers = []
    for answer in crossed(service, elsewhere, way, taken_away):
        answers.append(answer.status_code)
        assert answer.status_code != 200 or not lives(service, answer.get_json())
    assert answers[0] != 200, "the first call comes after the removal"
    assert answers[-1] == 200, "the last comes before it"


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_no_session_outlasts_a_shortened_approval(
    service: Service, elsewhere: Deps, way: Callable[[Service], tuple[str, Come]]
) -> None:
    """Wherever it crosses a way in, whatever works when both are done ends with the approval."""
    for answer in crossed(service, elsewhere, way, shortened):
        assert answer.status_code in {200, 400, 401, 409}
        if answer.status_code == 200:
            service.clock.now += SOON
            assert not lives(service, answer.get_json())


def test_an_email_change_that_crosses_a_removal(service: Service, elsewhere: Deps) -> None:
    """Either the email stays, and the session with it, or it is the new one, without a session and without a way in."""
    moved: list[dict[str, Any]] = []

    def by_new_email(service: Service) -> tuple[str, Come]:
        tokens, wanted = member(service), approved(service)
        body = {"email": wanted, "current_password": PASSWORD}
        headers = {"Authorization": f"Bearer {tokens['token']}"}
        assert service.http.patch("/api/v1/auth/me", json=body, headers=headers).status_code == 200
        link = {"token": service.link(wanted, "verify")}
        moved.append({**tokens, "wanted": wanted})
        return wanted, lambda: service.post("/email/verify", link)

    for answer in crossed(service, elsewhere, by_new_email, taken_away):
        tokens = moved[-1]
        assert answer.status_code in {200, 403}
        assert (found(service, tokens["wanted"]) is not None) == (answer.status_code == 200)
        assert lives(service, tokens) == (answer.status_code == 403)
        if answer.status_code == 200:
            assert refused(login(service, tokens["wanted"]))


def test_a_registration_that_crosses_a_removal(service: Service, elsewhere: Deps) -> None:
    """Whoever has registered in the last moment comes in by no link."""
    asked: list[str] = []

    def by_registration(service: Service) -> tuple[str, Come]:
        asked.append(approved(service))
        return asked[-1], lambda: service.post("/register", {"email": asked[-1], "password": PASSWORD})

    for answer in crossed(service, elsewhere, by_registration, taken_away):
        assert answer.status_code in {202, 403}
        assert len(service.mails(asked[-1])) == (answer.status_code == 202)
        if answer.status_code == 202:
            link = {"token": service.link(asked[-1], "verify")}
            assert service.post("/email/verify", link).status_code in {400, 403}
            assert login(service, asked[-1]).status_code == 401


@pytest.mark.parametrize("undo", [taken_away, shortened], ids=lambda undo: undo.__name__)
def test_an_end_that_crosses_a_deletion(service: Service, elsewhere: Deps, undo: Undo) -> None:
    """Whoever deletes their account meanwhile is no fault, and leaves nothing of it behind."""
    store = border.at(elsewhere.gateway._client)
    for call in range(1, MOST_CALLS, EVERY):
        tokens = member(service)
        user = found(service, tokens["email"])
        assert user is not None
        erasing = border.after(partial(erase, service.deps, user), border.through)
        store.expect(*[border.through] * (call - 1), erasing)
        undo(elsewhere, tokens["email"])
        crossed_it = len(store.requests) >= call
        store.expect()
        if not crossed_it:
            assert call > 4
            return
        assert service.deps.users.find(tokens["user_id"]) is None
        assert not lives(service, tokens)
    raise AssertionError("the end did not end")


def test_two_operators_at_once(service: Service, elsewhere: Deps) -> None:
    """One gives an approval for ever while the other shortens it: a session of between does not outlast the end."""
    tokens = member(service, until=service.clock() + 2 * SOON)
    begun: list[dict[str, Any]] = []

    def for_ever() -> None:
        approved(service, tokens["email"])
        begun.append(entered(login(service, tokens["email"])))

    store = border.at(elsewhere.gateway._client)
    store.expect(border.through, border.after(for_ever, border.through))
    shortened(elsewhere, tokens["email"])
    assert len(begun) == 1
    service.clock.now += SOON
    assert not lives(service, begun[0])
