"""The process ends, or DynamoDB falls silent, after the first, the second, … of the calls: the policy still holds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import EndpointConnectionError

from panzoto.errors import EmailTaken, StoreUnavailable
from panzoto.flows.admin.first_admin import first_admin
from panzoto.flows.approvals import approve, end_approval
from panzoto.models.approved_emails import Approval
from tests.accounts.test_crashes import Crashes
from tests.support import border
from tests.support.border import Send

from .conftest import (
    APPROVED,
    BY,
    PASSWORD,
    Service,
    approved,
    asked_for,
    entered,
    found,
    lives,
    login,
    magic_link,
    member,
    new_email,
    refresh,
    refused,
    works,
)

SOON = timedelta(hours=1)
MOST_CALLS = 30
DOWN = border.fails(EndpointConnectionError(endpoint_url="https://dynamodb.us-east-1.amazonaws.com"))


@pytest.fixture
def service(service_for: Callable[..., Service]) -> Service:
    """The service, patient."""
    return service_for(**APPROVED, dynamodb_deadline=timedelta(seconds=60))


@pytest.fixture
def crashes(service: Service) -> Crashes:
    """Crashes of the service."""
    return Crashes(service)


# ── crashes ─────────────────────────────────────────────────────────────────────────────────────────────────────
def test_taking_an_approval_away(service: Service, crashes: Crashes) -> None:
    """Nobody signs in from the moment it is gone, and the same command again ends every session."""
    for tokens in crashes.each(lambda tokens: end_approval(service.deps, tokens["email"], BY), lambda: member(service)):
        gone = service.deps.approved_emails.find(tokens["email"]) is None
        assert refused(login(service, tokens["email"])) == gone
        end_approval(service.deps, tokens["email"], BY)
        assert not lives(service, tokens)


@pytest.mark.parametrize("action", ["approval_ended", "approval_given"])
def test_what_clears_no_sessions_is_on_record(service: Service, monkeypatch: pytest.MonkeyPatch, action: str) -> None:
    """Where the store is lost when the sessions are to be cleared, they have ended, and it is known by whom."""
    monkeypatch.setattr(service.deps.gateway, "_wait", lambda _: None)
    tokens = member(service)
    service.clock.pass_by(seconds=1)

    def no_clearing(request: AWSPreparedRequest, send: Send) -> AWSResponse | None:
        return DOWN(request, send) if "REFRESH_TOKEN#" in str(request.body) else None

    store = border.at(service.deps.gateway._client, then=no_clearing)
    shorten = partial(approve, expires_at=service.clock() + SOON)
    act: Callable[..., object] = end_approval if action == "approval_ended" else shorten
    with pytest.raises(StoreUnavailable):
        act(service.deps, tokens["email"], BY)
    store.expect()
    told = [each["action"] for each in service.deps.audit.of(f"email:{tokens['email']}", limit=9).items]
    assert told == [action, "approval_given"]
    assert not works(service, tokens)


def test_shortening_an_approval(service: Service, crashes: Crashes) -> None:
    """The same command again ends every session that would outlast it, although the approval is short already."""

    def shorten(tokens: dict[str, Any]) -> None:
        approve(service.deps, tokens["email"], BY, expires_at=service.clock() + SOON)

    for tokens in crashes.each(shorten, lambda: member(service)):
        shorten(tokens)
        assert not works(service, tokens)
        assert not lives(service, tokens)
        assert lives(service, entered(login(service, tokens["email"])))


def test_a_quiet_registration(service: Service, crashes: Crashes) -> None:
    """Whoever got no answer registers again, and comes in by the mail of either try, or by a link to sign in."""
    for email in crashes.each(
        lambda email: service.post("/register", {"email": email, "password": PASSWORD}), lambda: approved(service)
    ):
        assert service.post("/register", {"email": email, "password": PASSWORD}).status_code == 202
        if any("/verify/" in each["text"] for each in service.mails(email)):
            assert service.post("/email/verify", {"token": service.link(email, "verify")}).status_code == 200
            assert login(service, email).status_code == 200
        else:
            link = {"token": magic_link(service, email)}
            assert works(service, entered(service.post("/magic-link/verify", link)))


def test_a_new_email(service: Service, crashes: Crashes) -> None:
    """No session of the old email goes on once the new one is there."""

    def asked() -> dict[str, Any]:
        tokens, wanted = member(service), approved(service)
        body = {"email": wanted, "current_password": PASSWORD}
        headers = {"Authorization": f"Bearer {tokens['token']}"}
        assert service.http.patch("/api/v1/auth/me", json=body, headers=headers).status_code == 200
        return {**tokens, "wanted": wanted, "link": service.link(wanted, "verify")}

    for tokens in crashes.each(lambda tokens: service.post("/email/verify", {"token": tokens["link"]}), asked):
        moved = found(service, tokens["wanted"]) is not None
        assert works(service, tokens) != moved
        assert lives(service, tokens) != moved


def test_a_refresh_that_misses_the_approval(service: Service, crashes: Crashes) -> None:
    """The session ends with that refresh, or with the next."""

    def begin() -> dict[str, Any]:
        tokens = member(service)
        service.deps.approved_emails.delete({"email": tokens["email"]})
        return tokens

    for tokens in crashes.each(lambda tokens: refresh(service, tokens), begin):
        assert refresh(service, tokens).status_code == 401
        assert not works(service, tokens)


def test_the_first_admin(service: Service, crashes: Crashes) -> None:
    """There is all of it, and they sign in, or nothing, and the same start makes it."""

    def start(email: str) -> None:
        first_admin(service.deps, email, PASSWORD)

    crashed = []
    for calls in range(2):
        email = new_email()
        with crashes.after(calls) as each:
            start(email)
        crashes.store.expect()
        crashed.append(bool(each))
        assert (service.deps.approved_emails.find(email) is None) == (found(service, email) is None) == bool(each)
        if each:
            start(email)
        assert works(service, entered(login(service, email)))
    assert crashed == [True, False]


def test_a_start_brings_back_no_approval(service: Service) -> None:
    """An operator who has ended or changed the first admin's approval is not overruled by every restart."""
    email = new_email()
    first_admin(service.deps, email, PASSWORD)
    changed = approve(service.deps, email, BY, expires_at=service.clock() + SOON, metadata={"notes": "for now"})
    kept: list[Approval | None] = [changed, None]
    for approval in kept:
        if approval is None:
            end_approval(service.deps, email, BY)
        with pytest.raises(EmailTaken):
            first_admin(service.deps, email, PASSWORD)
        assert service.deps.approved_emails.find(email) == approval


# ── a store that is down ────────────────────────────────────────────────────────────────────────────────────────
def down_after_each(
    service: Service, monkeypatch: pytest.MonkeyPatch, prepare: Callable[[], Any], act: Callable[[Any], Any]
) -> list[tuple[Any, Any]]:
    """What was prepared and answered for each call from which on the store was down; without the one that got through.

    What is done after the answers waits until the store is back.
    """
    store = border.at(service.deps.gateway._client)
    monkeypatch.setattr(service.deps.gateway, "_wait", lambda _: None)
    seen = []
    for calls in range(MOST_CALLS):
        prepared = prepare()
        service.deps.later.finish()
        store.expect(*[border.through] * calls, then=DOWN)
        answer = act(prepared)
        service.deps.later.finish()
        store.expect()
        seen.append((prepared, answer))
        if answer.status_code != 503:
            return seen[:-1]
    raise AssertionError("it never got through")


def test_a_sign_in_while_the_store_is_down(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is 503 at every step, never a refusal; and the next try comes in."""
    email = member(service)["email"]
    seen = down_after_each(service, monkeypatch, lambda: email, lambda email: login(service, email))
    assert len(seen) >= 4
    for _, answer in seen:
        assert "Retry-After" in answer.headers
    assert works(service, entered(login(service, email)))


def test_a_refresh_while_the_store_is_down(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long that lasts, the same token refreshes when it is back: nobody is signed out by it."""
    seen = down_after_each(service, monkeypatch, lambda: member(service), lambda tokens: refresh(service, tokens))
    assert len(seen) == 4, "the lineage, the person, the approval, the rotation"
    service.clock.pass_by(hours=1)
    for tokens, _ in seen:
        answer = refresh(service, tokens)
        assert answer.status_code == 200
        assert works(service, answer.get_json())


def test_links_while_the_store_is_down(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link that could not be looked at is not spent, as long as it was not."""

    def linked() -> str:
        return magic_link(service, approved(service)) or ""

    def follow(link: str) -> Any:
        return service.post("/magic-link/verify", {"token": link})

    seen = down_after_each(service, monkeypatch, linked, follow)
    again = [follow(link).status_code for link, _ in seen]
    assert set(again) == {200, 400}
    assert again == sorted(again), "from the commit point on the link is spent, and not before"


def test_a_registration_while_the_store_is_down(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is 503 until it is kept, and then the link of its mail can be asked for by another sign-in."""
    seen = down_after_each(
        service,
        monkeypatch,
        lambda: approved(service),
        lambda email: service.post("/register", {"email": email, "password": PASSWORD}),
    )
    for email, _ in seen:
        assert service.post("/email/verify", {"token": asked_for(service, email)}).status_code == 200
        assert login(service, email).status_code == 200
