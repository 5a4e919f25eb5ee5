"""Approvals that end: to the very second, without anybody sweeping; shortened, extended, taken away, given again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from panzoto.errors import InvalidRequest
from panzoto.flows._approving import LONGEST_TEXT
from panzoto.flows.approvals import approve, end_approval
from panzoto.models.approved_emails import to_item

from .conftest import (
    APPROVED,
    BY,
    Service,
    approved,
    asked_for,
    entered,
    lives,
    login,
    magic_link,
    member,
    new_email,
    phone_code,
    refresh,
    refused,
    under,
    with_phone,
    works,
)

SECOND = timedelta(seconds=1)


@pytest.fixture
def service(service: Service) -> Service:
    """The service, at the beginning of a second."""
    service.clock.now = service.clock.now.replace(microsecond=0)
    return service


def in_a_while(service: Service, **time: float) -> datetime:
    """A time that comes."""
    return service.clock.now + timedelta(**time)


# ── to the very second ──────────────────────────────────────────────────────────────────────────────────────────
def test_nobody_signs_in_from_the_second_of_the_end(service: Service) -> None:
    """One second before it every way in lets people in; from the second on none does."""
    ends = in_a_while(service, minutes=10)
    tokens = member(service, until=ends)
    phone = with_phone(service, tokens)
    code = phone_code(service, phone)
    link = magic_link(service, tokens["email"])
    later = magic_link(service, tokens["email"])
    waiting = approved(service, until=ends)
    verify = asked_for(service, waiting)
    service.clock.now = ends - SECOND
    assert login(service, tokens["email"]).status_code == 200
    assert service.post("/magic-link/verify", {"token": link}).status_code == 200
    service.clock.now = ends
    assert refused(login(service, tokens["email"]))
    assert refused(service.post("/verify-otp", {"phone_number": phone, "otp": code}))
    assert refused(service.post("/magic-link/verify", {"token": later}))
    assert refused(service.post("/email/verify", {"token": verify}))
    assert refused(service.post("/register", {"email": approved_until(service, ends), "password": "whatever it is"}))


def approved_until(service: Service, ends: datetime) -> str:
    """An email whose approval ends at a time that may be over."""
    now, service.clock.now = service.clock.now, ends - timedelta(hours=1)
    email = approved(service, until=ends)
    service.clock.now = now
    return email


def test_a_session_ends_in_the_second_of_the_end(service: Service) -> None:
    """Its access token and its refresh token work one second before, and are over then, not a quarter of an hour on."""
    ends = in_a_while(service, minutes=5)
    tokens = member(service, until=ends)
    assert tokens["expires_in"] == 300
    service.clock.now = ends - SECOND
    assert works(service, tokens)
    answer = refresh(service, tokens)
    assert (answer.status_code, answer.get_json()["expires_in"]) == (200, 1)
    assert works(service, answer.get_json())
    service.clock.now = ends
    assert not lives(service, tokens)
    assert not lives(service, answer.get_json())


def test_a_session_of_long_ago_ends_in_that_second_too(service: Service) -> None:
    """However often it was refreshed: the last tokens end with the approval."""
    ends = in_a_while(service, hours=3)
    tokens = member(service, until=ends)
    while service.clock.now < ends - timedelta(minutes=10):
        service.clock.pass_by(minutes=10)
        tokens = refresh(service, tokens).get_json()
    assert tokens["expires_in"] == (ends - service.clock.now).total_seconds()
    service.clock.now = ends - SECOND
    assert works(service, tokens)
    service.clock.now = ends
    assert not lives(service, tokens)


def test_a_session_from_before_the_policy_ends_in_that_second(service_for: Callable[..., Service]) -> None:
    """A refresh under the policy gives tokens that end with the approval, although the session began without one."""
    before = service_for(**APPROVED | {"registration_policy": "open"})
    before.clock.now = before.clock.now.replace(microsecond=0)
    account = before.register()
    before.post("/email/verify", {"token": before.link(account["email"], "verify")})
    ends = in_a_while(before, minutes=5)
    approved(before, account["email"], until=ends)
    after = under(before, registration_policy="approved")
    tokens = refresh(after, account).get_json()
    assert tokens["expires_in"] == 300
    after.clock.now = ends - SECOND
    assert works(after, tokens)
    after.clock.now = ends
    assert not lives(after, tokens)


def test_an_end_within_a_second_is_the_second_before(service: Service) -> None:
    """Items hold whole seconds: what is said, kept and done is the same."""
    ends = in_a_while(service, minutes=1)
    approval = approve(service.deps, new_email(), BY, expires_at=ends + timedelta(microseconds=999_999))
    assert approval.expires_at == ends
    assert approval == service.deps.approved_emails.find(approval.email)
    with pytest.raises(InvalidRequest, match="would end before it begins"):
        approve(service.deps, new_email(), BY, expires_at=service.clock.now + timedelta(microseconds=999_999))


# ── changed ─────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_shortened_approval_ends_sessions_that_would_outlast_it(service: Service) -> None:
    """At once; the next sign-in begins one that ends in time. Every session of the person is meant, and no other's."""
    tokens, other = member(service), member(service)
    second = entered(login(service, tokens["email"]))
    ends = in_a_while(service, minutes=5)
    approved(service, tokens["email"], until=ends)
    assert not lives(service, tokens)
    assert not lives(service, second)
    assert service.deps.sessions.of(tokens["user_id"]) == []
    assert lives(service, other)
    begun = entered(login(service, tokens["email"]))
    service.clock.now = ends
    assert not lives(service, begun)


@pytest.mark.parametrize("until", [timedelta(days=2), None])
def test_an_extended_approval_signs_nobody_out(service: Service, until: timedelta | None) -> None:
    """A session that had begun ends when it was to; a sign-in after that has the new end."""
    ends = in_a_while(service, days=1)
    tokens = member(service, until=ends)
    approved(service, tokens["email"], until=service.clock.now + until if until else None)
    assert lives(service, tokens)
    service.clock.now = ends
    assert not lives(service, tokens)
    assert works(service, entered(login(service, tokens["email"])))


def test_the_same_approval_again_signs_nobody_out(service: Service) -> None:
    """A list that is imported every night changes nothing for those who are on it."""
    for until in (None, in_a_while(service, hours=1)):
        tokens = member(service, until=until)
        approved(service, tokens["email"], until=until)
        assert lives(service, tokens)


def test_an_approval_that_is_taken_away_ends_the_sessions_at_once(service: Service) -> None:
    """Nobody signs in, no token works, and another who is approved hears nothing of it."""
    tokens, other = member(service), member(service)
    assert end_approval(service.deps, tokens["email"], BY) is not None
    assert not lives(service, tokens)
    assert refused(login(service, tokens["email"]))
    assert service.deps.sessions.of(tokens["user_id"]) == []
    assert lives(service, other)
    assert end_approval(service.deps, tokens["email"], BY) is None


def test_who_is_approved_again_signs_in_again(service: Service) -> None:
    """What was ended stays so, and the account and its recordings are what they were."""
    tokens = member(service)
    end_approval(service.deps, tokens["email"], BY)
    approved(service, tokens["email"])
    assert not lives(service, tokens)
    again = entered(login(service, tokens["email"]))
    assert works(service, again)
    assert again["wrapped_audio_key"] == tokens["wrapped_audio_key"]


def test_an_approval_that_was_deleted_by_hand(service: Service) -> None:
    """An access token goes on for its quarter of an hour; the next refresh ends the session, for good."""
    tokens = member(service)
    service.deps.approved_emails.delete({"email": tokens["email"]})
    assert works(service, tokens)
    assert refresh(service, tokens).status_code == 401
    assert not works(service, tokens)
    approved(service, tokens["email"])
    assert not lives(service, tokens)


def test_an_approval_that_was_shortened_by_hand(service: Service) -> None:
    """From the next refresh on no token outlasts it."""
    tokens = member(service)
    approval = service.deps.approved_emails.find(tokens["email"])
    assert approval is not None
    ends = in_a_while(service, minutes=5)
    service.deps.approved_emails.put(to_item(approval) | {"expiresAt": int(ends.timestamp())})
    tokens = refresh(service, tokens).get_json()
    assert tokens["expires_in"] == 300
    service.clock.now = ends
    assert not lives(service, tokens)


def test_approved_again_after_a_deletion_by_hand(service: Service) -> None:
    """For a time, sessions that would outlast it end; for ever, they go on."""
    for until, goes_on in ((in_a_while(service, hours=1), False), (None, True)):
        tokens = member(service)
        service.deps.approved_emails.delete({"email": tokens["email"]})
        approved(service, tokens["email"], until=until)
        assert lives(service, tokens) == goes_on


def test_without_the_policy_approvals_end_nothing(service: Service) -> None:
    """Where everybody may sign in, whoever prepares the list disturbs nobody."""
    tokens = member(service)
    everybody = under(service, registration_policy="open")
    approved(everybody, tokens["email"], until=in_a_while(service, minutes=1))
    end_approval(everybody.deps, tokens["email"], BY)
    assert lives(everybody, tokens)


def test_an_approval_of_nobody_yet(service: Service) -> None:
    """Given, changed and taken away, it concerns no account."""
    email = approved(service)
    approved(service, email, until=in_a_while(service, hours=1))
    assert end_approval(service.deps, email, BY) is not None


# ── what is kept ────────────────────────────────────────────────────────────────────────────────────────────────
def test_what_was_changed_is_recorded(service: Service) -> None:
    """By whom, from what to what, without a place in anybody's account."""
    email, ends = new_email(), in_a_while(service, hours=1)
    approve(service.deps, email, "ann", metadata={"company": "Acme"})
    service.clock.pass_by(seconds=1)
    approve(service.deps, email, "bob", expires_at=ends)
    service.clock.pass_by(seconds=1)
    end_approval(service.deps, email, "cid")
    events: list[Any] = list(service.deps.audit.all_of(f"email:{email}"))
    assert [(each["actor"], each["action"]) for each in events] == [
        ("cid", "approval_ended"),
        ("bob", "approval_given"),
        ("ann", "approval_given"),
    ]
    first = {"approved_by": "ann", "expires_at": None, "company": "Acme"}
    second = {"approved_by": "bob", "expires_at": ends.isoformat()}
    assert [each["details"] for each in events] == [
        {"before": second, "after": None},
        {"before": first, "after": second},
        {"before": None, "after": first},
    ]


def test_texts_are_bounded(service: Service) -> None:
    """What no list could show is refused, and named; the longest that is not is kept."""
    email, longest = new_email(), "x" * LONGEST_TEXT
    for by, metadata in ((longest + "x", {}), (BY, {"notes": longest + "x"})):
        with pytest.raises(InvalidRequest, match=r"What (approved_by|notes) says must be at most 1000 characters"):
            approve(service.deps, email, by, metadata=metadata)
    assert service.deps.approved_emails.find(email) is None
    approval = approve(service.deps, email, longest, metadata={"notes": longest})
    assert service.deps.approved_emails.find(email) == approval
