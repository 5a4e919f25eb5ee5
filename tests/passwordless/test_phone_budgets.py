"""What each act of a phone costs at DynamoDB, as the request's log line says it: design §7, and what was reached.

MiniStack bills reads as if all items were small.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from panzoto import costs
from panzoto.costs import Cost
from tests.accounts.test_budgets import Spent, table, within
from tests.support.numbers import new_phone

from .conftest import Service, newest_code, wrong

__all__ = ["table"]
MOST = {"initiate-otp": Cost(5, 1, 5), "verify-otp, known": Cost(8, 2, 6)}


@pytest.fixture
def spent(service: Service) -> Spent:
    """The service, and what it spends."""
    return Spent(service)


def test_codes(spent: Spent, table: Callable[..., None]) -> None:
    """Design §7: five writes and a read for a code, eight and two for a sign-in by it; the first makes a person."""
    service, phone = spent.service, new_phone()
    body = {"phone_number": phone}
    found = {"initiate-otp": spent("/initiate-otp", body), "initiate-otp, too soon": spent("/initiate-otp", body)}
    code = newest_code(service, phone)
    found["verify-otp, wrong"] = spent("/verify-otp", {**body, "otp": wrong(code)})
    found["verify-otp, new"] = spent("/verify-otp", {**body, "otp": code})
    assert spent.status == 200
    found["initiate-otp, known"] = spent("/initiate-otp", body)
    found["verify-otp, known"] = spent("/verify-otp", {**body, "otp": newest_code(service, phone)})
    assert spent.status == 200
    found["verify-otp, nobody"] = spent("/verify-otp", {"phone_number": new_phone(), "otp": code})
    for name, most in MOST.items():
        assert within(found[name], most)
    assert found["initiate-otp"] == found["initiate-otp, known"], "nobody learns from its cost who has an account"
    table(found, costs.CODES)


def test_refused_sends(spent: Spent, table: Callable[..., None]) -> None:
    """What somebody pays us nothing for costs little: a number that is none, an address that asks too often."""
    found = {"initiate-otp, no number": spent("/initiate-otp", {"phone_number": "+1415"})}
    for _ in range(20):
        spent("/initiate-otp", {"phone_number": new_phone()})
    assert spent.status == 200
    found["initiate-otp, address full"] = spent("/initiate-otp", {"phone_number": new_phone()})
    assert spent.status == 429
    table(found, costs.REFUSED_CODES)


def test_the_phone_of_an_account(spent: Spent, table: Callable[..., None]) -> None:
    """What adding, changing and removing a phone cost."""
    service, me = spent.service, spent.service.register()
    first, second = new_phone(), new_phone()
    found = {}
    for name, phone in (("added", first), ("changed", second)):
        found[f"phone, {name}: ask"] = spent("/phone", {"phone_number": phone}, token=me["token"])
        body = {"phone_number": phone, "otp": newest_code(service, phone)}
        found[f"phone, {name}: verify"] = spent("/phone/verify", body, token=me["token"])
        assert spent.status == 200
    service.clock.pass_by(seconds=30)
    spent("/initiate-otp", {"phone_number": second})
    found["verify-otp, with email"] = spent(
        "/verify-otp", {"phone_number": second, "otp": newest_code(service, second)}
    )
    assert within(found["verify-otp, with email"], MOST["verify-otp, known"])
    found["phone, removed"] = spent("/phone", {}, method="DELETE", token=me["token"])
    assert spent.status == 200
    service.deps.later.finish()
    table(found, costs.PHONES)
