"""With PREVENT_ENUMERATION nobody learns who is approved, and who has an account: the same answer, and one mail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from panzoto import create_app
from panzoto.crypto.passwords import Passwords
from panzoto.flows.approvals import end_approval

from .conftest import APPROVED, BY, PASSWORD, Service, approved, entered, found, login, member, new_email, under, works


@pytest.fixture
def service(service_for: Callable[..., Service]) -> Service:
    """The service that tells strangers nothing."""
    return service_for(**APPROVED, prevent_enumeration=True, internal_email_domains=("inside.example",))


def seen(service: Service, email: str) -> tuple[Any, ...]:
    """All that somebody who registers an email can see: the answer, its headers' names, and the work it took."""
    with capture_logs() as logs:
        answer = service.post("/register", {"email": email, "password": PASSWORD})
    (line,) = [each for each in logs if each["event"] == "request"]
    service.deps.later.finish()
    return answer.status_code, answer.get_json(), sorted(answer.headers.keys()), line["trips"]


def mails(service: Service, email: str) -> list[str]:
    """What an email was sent."""
    return [each["subject"] for each in service.mails(email)]


def test_approved_or_not_known_or_not_it_is_the_same(service: Service) -> None:
    """One mail goes out for each, which tells its owner what is the matter."""
    taken, lost = member(service)["email"], member(service)["email"]
    end_approval(service.deps, lost, BY)
    new, unapproved = approved(service), new_email()
    before = {email: len(mails(service, email)) for email in (taken, lost, new, unapproved)}
    answers = [seen(service, email) for email in before]
    assert answers[0][:2] == (202, {"status": "check_your_mail"})
    assert all(each == answers[0] for each in answers)
    assert {email: len(mails(service, email)) - many for email, many in before.items()} == dict.fromkeys(before, 1)
    assert mails(service, taken)[0] == "You already have an account"
    assert mails(service, lost)[0] == mails(service, unapproved)[0] == "This address cannot sign in"
    assert "Confirm" in mails(service, new)[0]
    assert found(service, unapproved) is None


class Counted(Passwords):
    """Passwords, and how many were hashed."""

    hashed = 0

    def hash(self, password: str) -> str:
        """The same as ever."""
        self.hashed += 1
        return super().hash(password)


def test_a_refused_registration_takes_as_long(service: Service) -> None:
    """A password is hashed for it too: no stranger tells the approved by a stopwatch."""
    passwords = Counted(service.deps.passwords.profile)
    deps = replace(service.deps, passwords=passwords)
    counted = replace(service, deps=deps, http=create_app(deps.config, deps).test_client())
    for number, email in enumerate((approved(service), new_email()), 1):
        seen(counted, email)
        assert passwords.hashed == number


def test_mail_to_whom_nobody_approved_is_limited(service_for: Callable[..., Service]) -> None:
    """Nobody fills a stranger's mailbox by registering them again and again."""
    service = service_for(registration_policy="approved", prevent_enumeration=True)
    email = new_email()
    for _ in range(6):
        assert service.post("/register", {"email": email, "password": PASSWORD}).status_code == 202
    assert len(mails(service, email)) == 3


def test_the_mail_finishes_it(service: Service) -> None:
    """An approved person, and somebody of the house, come in by it."""
    for email in (approved(service), "ann@inside.example"):
        seen(service, email)
        assert service.post("/email/verify", {"token": service.link(email, "verify")}).status_code == 200
        assert works(service, entered(login(service, email)))


def test_without_it_the_refusal_is_heard(service: Service) -> None:
    """Where strangers may learn who is approved, nobody waits for a mail."""
    answer = under(service, prevent_enumeration=False).post("/register", {"email": new_email(), "password": PASSWORD})
    assert (answer.status_code, answer.get_json()["code"]) == (403, "not_approved")
