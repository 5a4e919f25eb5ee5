"""People with a phone and no password: numbers that nobody has used, the codes that come to them, what fails."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from panzoto.aws import clients
from tests.accounts.conftest import Service, service
from tests.accounts.conftest import service_for as impatient_service_for
from tests.support import border
from tests.support.numbers import new_phone

__all__ = ["Service", "impatient_service_for", "service"]

# A busy machine is no outage: what a test counts on is the order of things, not their time.
PATIENT, SECONDS = timedelta(seconds=60), 15.0

DEVICE = "a-phone"
ME = "/api/v1/auth/me"


@pytest.fixture
def service_for(
    impatient_service_for: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Service]:
    """Makes services that wait long for the emulator."""
    monkeypatch.setattr(clients, "READ_SECONDS", SECONDS)
    return lambda **changes: impatient_service_for(**{"dynamodb_deadline": PATIENT, **changes})


def texts(service: Service, phone: str) -> list[str]:
    """The SMS to a phone, newest first, when all that is to be done later is done."""
    oldest_first = sorted(service.mails(phone), key=lambda each: str(each["sent_at"]))
    return [each["text"] for each in reversed(oldest_first)]


def newest_code(service: Service, phone: str) -> str:
    """The code that came last."""
    found = [re.search(r"code is (\d+)\.", text) for text in texts(service, phone)]
    return next(each[1] for each in found if each)


def asked(service: Service, phone: str, **more: Any) -> str:
    """The code that somebody has asked for and got."""
    response = service.post("/initiate-otp", {"phone_number": phone, **more})
    assert response.status_code == 200, response.get_json()
    return newest_code(service, phone)


def answer(service: Service, phone: str, code: str, **more: Any) -> tuple[int, dict[str, Any]]:
    """What a code is answered at the sign-in."""
    response = service.post("/verify-otp", {"phone_number": phone, "otp": code, **more})
    return response.status_code, response.get_json()


def outcome(service: Service, phone: str, code: str, **more: Any) -> tuple[int, str | None]:
    """The status and the code of the error that a code is answered at the sign-in."""
    status, body = answer(service, phone, code, **more)
    return status, body.get("code")


def signed_in(service: Service, phone: str | None = None, **more: Any) -> dict[str, Any]:
    """Somebody who has signed in by a code; a moment later the next code may be asked for."""
    phone = phone or new_phone()
    status, body = answer(service, phone, asked(service, phone, **more), **more)
    assert status == 200, body
    return {**body, "phone": phone}


def wrong(code: str) -> str:
    """Another code of the same length."""
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}}"


def kept(service: Service, phone: str, kind: str = "OTP") -> dict[str, Any]:
    """The item of a phone as it is kept, without its mark; empty if there is none."""
    item = service.deps.otps.get({"PK": f"{kind}#{phone}", "SK": "METADATA"}) or {}
    return {name: value for name, value in item.items() if name != "writeMark"}


def charges(service: Service, limit: str, subject: str) -> int:
    """How often a limit is charged now."""
    window = service.deps.config.rate_limits[limit].index(service.clock.now)
    return int(kept(service, f"{limit}#{subject}#{window}", "RATE").get("Count", 0))


def headers(token: str) -> dict[str, str]:
    """What says who asks."""
    return {"Authorization": f"Bearer {token}"}


def between_us_and_kms(service: Service) -> border.Border:
    """What requests to KMS meet."""
    return border.at(service.deps.key_service._client)


def between_us_and_sns(service: Service) -> border.Border:
    """What requests to SNS meet."""
    sender: Any = service.deps.post._senders["sms"]
    return border.at(sender._client)


def between_us_and_dynamodb(service: Service) -> border.Border:
    """What requests to DynamoDB meet."""
    return border.at(service.deps.gateway._client)
