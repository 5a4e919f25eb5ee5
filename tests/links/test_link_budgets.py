"""What a link costs at DynamoDB, from the request to the end of the session, pinned."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from panzoto import costs
from panzoto.costs import Cost
from tests.accounts.test_budgets import Spent, table, within
from tests.support.numbers import new_phone

from .conftest import PATIENT, Service, browser, code_of, linked, new_email, request_line, signs_in

__all__ = ["table"]

# Design §7 has 8, 2 and 6 for somebody known who signs in by a code to the phone. A link is in the seed's two indexes,
# so that to spend it writes it three times, and it is read before it is spent.
KNOWN = Cost(9, 3, 6)
Compare = Callable[[dict[str, Cost], dict[str, Cost]], None]


@pytest.fixture
def spent(service_for: Callable[..., Service]) -> Iterator[Spent]:
    """The service, and what it spends."""
    return Spent(service_for(**PATIENT))  # type: ignore[return-value]


def page(http: FlaskClient, method: str, path: str) -> Cost:
    """What a page costs."""
    with request_line() as line:
        assert http.open(path, method=method).status_code < 400
    return Cost(line["writes"], line["reads"], line["trips"])


def test_asking(spent: Spent, table: Compare) -> None:
    """One price for everybody, whatever is known of them."""
    email, phone = new_email(), new_phone()
    signs_in(spent.service, linked(spent.service, email))
    found = {
        "link by mail, known": spent("/magic-link", {"email": email}),
        "link by mail, new": spent("/magic-link", {"email": new_email()}),
        "link by sms, new": spent("/magic-link", {"email": new_email(), "flow": "sms", "phone_number": phone}),
        "link by sms, refused": spent("/magic-link", {"email": email, "flow": "sms", "phone_number": phone}),
    }
    table(found, costs.ASKING_FOR_LINKS)


def test_signing_in(spent: Spent, table: Compare) -> None:
    """Somebody known costs what the design allows; somebody new is made with it."""
    email, service = new_email(), spent.service
    found = {"first sign-in": spent("/magic-link/verify", {"token": linked(service, email)})}
    found["sign-in"] = spent("/magic-link/verify", {"token": linked(service, email)})
    spent("/magic-link", {"email": email})
    body: dict[str, Any] = {"request_id": spent.body["request_id"], "code": code_of(service, email)}
    found["wrong code"] = spent("/magic-link/verify", body | {"code": "00000000"})
    found["sign-in by code"] = spent("/magic-link/verify", body)
    found["used link"] = spent("/magic-link/verify", {"token": service.link(email, "m")})
    found["invented link"] = spent("/magic-link/verify", {"token": "tok_" + "a" * 22 + "." + "b" * 22})
    assert within(found["sign-in"], KNOWN)
    me = service.register()
    found["first proof of an email"] = spent("/magic-link/verify", {"token": linked(service, me["email"])})
    table(found, costs.LINKS)


def test_a_browser(spent: Spent, table: Compare) -> None:
    """To look costs nothing; the rest is a sign-in and a sign-out."""
    email, service = new_email(), spent.service
    signs_in(service, linked(service, email))
    http, token = browser(service), linked(service, email)
    found = {
        "page": page(http, "GET", f"/m/{token}"),
        "button": page(http, "POST", f"/m/{token}"),
        "signed in": page(http, "GET", "/signed-in"),
        "signed out": page(http, "POST", "/signed-out"),
    }
    table(found, costs.BROWSERS)
