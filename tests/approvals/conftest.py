"""The service where only approved people sign in, and the ways in as a phone goes them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from werkzeug.test import TestResponse

import limits
from panzoto import create_app
from panzoto.flows.approvals import approve
from panzoto.models.user import User
from tests.accounts.conftest import PASSWORD, Service, new_email, service_for
from tests.support.numbers import new_phone

__all__ = ["NEW_PASSWORD", "PASSWORD", "Service", "new_email", "service_for"]

BY = "sales@inside.example"
NEW_PASSWORD = "AnotherPassword456!"
UNLIMITED = limits.changed(",".join(f"{limit.name}=1000000/1h" for limit in limits.DEFAULTS.each))
APPROVED = {"registration_policy": "approved", "rate_limits": UNLIMITED}


@pytest.fixture
def service(service_for: Callable[..., Service]) -> Service:
    """The service where only approved people sign in."""
    return service_for(**APPROVED)


def under(service: Service, **changes: Any) -> Service:
    """The same service after a restart with another configuration."""
    config = replace(service.deps.config, **changes)
    deps = replace(service.deps, config=config)
    return replace(service, deps=deps, http=create_app(config, deps).test_client())


def approved(service: Service, email: str | None = None, *, until: datetime | None = None) -> str:
    """An email that is approved."""
    email = email or new_email()
    approve(service.deps, email, BY, expires_at=until)
    return email


def asked_for(service: Service, email: str) -> str:
    """A registration that waits for its link; the link."""
    answer = service.post("/register", {"email": email, "password": PASSWORD})
    assert answer.status_code == 202, answer.get_json()
    return service.link(email, "verify")


def member(service: Service, email: str | None = None, *, until: datetime | None = None) -> dict[str, Any]:
    """Somebody approved, who has registered, followed the link and signed in."""
    email = approved(service, email, until=until)
    assert service.post("/email/verify", {"token": asked_for(service, email)}).status_code == 200
    return entered(login(service, email), email)


def entered(answer: TestResponse, email: str | None = None) -> dict[str, Any]:
    """What a sign-in that worked has given."""
    assert answer.status_code == 200, answer.get_json()
    return {**answer.get_json(), "email": email}


def login(service: Service, email: str, password: str = PASSWORD) -> TestResponse:
    """A sign-in by password."""
    return service.post("/login", {"email": email, "password": password})


def refresh(service: Service, tokens: dict[str, Any]) -> TestResponse:
    """New tokens for old."""
    return service.post("/refresh", {"refresh_token": tokens["refresh_token"]})


def works(service: Service, tokens: dict[str, Any]) -> bool:
    """Whether an access token works."""
    status = service.get("/me", token=tokens["token"]).status_code
    assert status in {200, 401}
    return status == 200


def lives(service: Service, tokens: dict[str, Any]) -> bool:
    """Whether a session goes on, by either of its tokens: the access token first, for a refresh may end the session."""
    works_still = works(service, tokens)
    answer = refresh(service, tokens)
    assert answer.status_code in {200, 401}
    return works_still or (answer.status_code == 200 and works(service, answer.get_json()))


def refused(answer: TestResponse) -> bool:
    """Whether somebody was refused because nobody has approved their email."""
    return (answer.status_code, answer.get_json().get("code")) == (403, "not_approved")


def found(service: Service, email: str) -> User | None:
    """Whoever has an email."""
    claim = service.deps.emails.find(email)
    return service.deps.users.find(claim["user_id"]) if claim else None


def magic_link(service: Service, email: str, **more: Any) -> str | None:
    """The token of a link to sign in; None where the message holds none. It is one message in either case."""
    to = more.get("phone_number", email)
    before = len(service.mails(to))
    service.clock.pass_by(seconds=1)  # so that the newest is the newest
    answer = service.post("/magic-link", {"email": email, **more})
    assert answer.status_code == 202, answer.get_json()
    messages = service.mails(to)
    assert len(messages) == before + 1
    link = re.search(r"/m/(\S+)", messages[0]["text"])
    return link.group(1) if link else None


def phone_code(service: Service, phone: str) -> str:
    """A code that has come to a phone."""
    service.clock.pass_by(minutes=1)  # so that the next may be asked for
    assert service.post("/initiate-otp", {"phone_number": phone}).status_code == 200
    return code_in(service, phone)


def code_in(service: Service, phone: str) -> str:
    """The code of the newest message to a phone."""
    code = re.search(r"\b(\d{4,8})\b", service.mails(phone)[0]["text"])
    assert code is not None
    return code.group(1)


def with_phone(service: Service, tokens: dict[str, Any]) -> str:
    """The phone that somebody, just signed in, has given their account."""
    phone = new_phone()
    assert service.post("/phone", {"phone_number": phone}, token=tokens["token"]).status_code == 200
    body = {"phone_number": phone, "otp": code_in(service, phone)}
    assert service.post("/phone/verify", body, token=tokens["token"]).status_code == 200
    return phone
