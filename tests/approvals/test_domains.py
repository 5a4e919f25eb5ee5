"""Domains whose emails need no approval, in every spelling of theirs and in no one else's."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import formats
from panzoto.deps import build
from panzoto.flows.approvals import end_approval

from .conftest import (
    APPROVED,
    BY,
    PASSWORD,
    Service,
    approved,
    asked_for,
    entered,
    lives,
    login,
    refresh,
    refused,
    under,
)

INTERNAL = formats.listed(formats.domain)("inside.example, Bücher.Example, XN--STRAE-OQA.example., faß.example")


@pytest.fixture
def service(service_for: Callable[..., Service]) -> Service:
    """The service of some people's own domains."""
    return service_for(**APPROVED, internal_email_domains=INTERNAL)


@pytest.mark.parametrize(
    "email",
    [
        "ann@inside.example",
        "Ann@INSIDE.Example",
        " ann@inside.example\n",
        "ann+tag@inside.example",
        "ann@bücher.example",
        "ann@BÜCHER.example",
        "ann@xn--bcher-kva.example",
        "ann@bu\u0308cher.example",
        "ann@straße.example",
        "ann@faß.example",
        "ann@inside\u3002example",
    ],
)
def test_people_of_the_house_need_no_approval(service: Service, email: str) -> None:
    """However the domain is written."""
    assert service.post("/register", {"email": email, "password": PASSWORD}).status_code == 202


@pytest.mark.parametrize(
    "email",
    [
        "ann@mail.inside.example",
        "ann@inside.example.com",
        "ann@notinside.example",
        "ann@inside-example.com",
        "ann@example",
        "ann@ins\u0131de.example",
        "ann@\u0456nside.example",
        "ann@bucher.example",
        "ann@strasse.example",
        "ann@fass.example",
        "inside.example@elsewhere.example",
        '"ann@inside.example"@elsewhere.example',
        "ann@elsewhere.example (ann@inside.example)",
        "ann@inside.example@elsewhere.example",
        "ann@elsewhere.example@inside.example",
        "ann@inside.example.",
        "ann@inside.example\x00.elsewhere.example",
        "ann@[inside.example]",
    ],
)
def test_lookalikes_do(service: Service, email: str) -> None:
    """A subdomain, a domain around it, letters that look like its own, a name that holds it: none is the domain."""
    answer = service.post("/register", {"email": email, "password": PASSWORD})
    assert refused(answer) or answer.get_json()["code"] == "invalid_request"
    service.deps.later.finish()
    assert list(build(service.deps.config, operator=True).users.scan()) == []


def test_a_session_of_the_house_has_no_end_of_its_own(service: Service) -> None:
    """An approval of theirs neither bounds nor ends it; taken from the list, the domain does at the next refresh."""
    email = "ann@inside.example"
    assert service.post("/email/verify", {"token": asked_for(service, email)}).status_code == 200
    tokens = entered(login(service, email))
    approved(service, email, until=service.clock.now.replace(year=service.clock.now.year + 1))
    end_approval(service.deps, email, BY)
    assert lives(service, tokens)
    tokens = entered(login(service, email))
    outside = under(service, internal_email_domains=())
    assert refresh(outside, tokens).status_code == 401
    assert not lives(outside, tokens)
    assert refused(login(outside, email))
