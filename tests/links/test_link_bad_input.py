"""What is no request for a link, and no attempt at one, is refused with a sentence, and does nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.numbers import new_phone

from .conftest import Service, everything, kinds, linked, new_email, signs_in

PHONE = new_phone()
EMAIL = "ann@example.com"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": None},
        {"email": ""},
        {"email": 5},
        {"email": ["ann@example.com"]},
        {"email": {"S": "ann@example.com"}},
        {"email": "ann"},
        {"email": "ann@"},
        {"email": "ann@localhost"},
        {"email": "ann@example.com\nBcc: eve@example.com"},
        {"email": "ann@example.com\u0000"},
        {"email": "ann@example.com, eve@example.com"},
        {"email": "a" * 400 + "@example.com"},
        {"email": EMAIL, "flow": "pigeon"},
        {"email": EMAIL, "flow": None},
        {"email": EMAIL, "flow": "SMS", "phone_number": PHONE},
        {"email": EMAIL, "flow": "sms"},
        {"email": EMAIL, "flow": "sms", "phone_number": None},
        {"email": EMAIL, "flow": "email", "phone_number": PHONE},
        {"email": EMAIL, "phone_number": PHONE},
        {"flow": "sms", "phone_number": PHONE},
        {"email": EMAIL, "flow": "sms", "phone_number": "4155550100"},
        {"email": EMAIL, "flow": "sms", "phone_number": "+1"},
        {"email": EMAIL, "flow": "sms", "phone_number": 14155550100},
        {"email": EMAIL, "flow": "sms", "phone_number": "+1415555\u0660100"},
        {"email": EMAIL, "device_id": ""},
        {"email": EMAIL, "device_id": 7},
        {"email": EMAIL, "device_id": "a b"},
        {"email": EMAIL, "device_id": "x" * 129},
        {"email": EMAIL, "dashboard_id": ""},
        {"email": EMAIL, "dashboard_id": 1},
        {"email": EMAIL, "dashboard_id": "x" * 129},
        {"email": EMAIL, "dashboard_id": "../../etc"},
        {"email": EMAIL, "dashboard_id": "//evil.example"},
        {"email": EMAIL, "dashboard_id": "db 1"},
        {"email": EMAIL, "dashboard_id": "db_1\n"},
        {"email": EMAIL, "dashboard_id": "<script>"},
        {"email": EMAIL, "dashboard_id": "db%2f"},
        {"email": EMAIL, "dashboard_id": "d\u00e9"},
        {"email": EMAIL, "user_id": "x"},
        {"email": EMAIL, "userId": "x"},
        ["ann@example.com"],
        "ann@example.com",
    ],
)
def test_requests_that_are_none(service: Service, body: Any) -> None:
    """Nothing is kept or sent, and the answer says which field is wrong."""
    answer = service.post("/magic-link", body)
    assert answer.status_code in {400, 422}
    assert answer.get_json()["code"] in {"invalid_request", "malformed_json"}
    assert answer.get_json()["error"].endswith(".")
    assert everything(service)["auth_tokens"] == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"token": None},
        {"token": ""},
        {"token": 5},
        {"token": ["x"]},
        {"token": "x" * 513},
        {"token": "x\u0000"},
        {"request_id": "tok_x"},
        {"code": "12345678"},
        {"token": "x", "code": "12345678"},
        {"token": "x", "request_id": "tok_x"},
        {"token": "x", "request_id": "tok_x", "code": "12345678"},
        {"request_id": "", "code": "12345678"},
        {"request_id": "x" * 513, "code": "12345678"},
        {"request_id": "tok_x", "code": 12345678},
        {"request_id": "tok_x", "code": ""},
        {"request_id": "tok_x", "code": "1" * 13},
        {"request_id": "tok_x", "code": None},
        {"token": "x", "device_id": ""},
        {"token": "x", "extra": 1},
    ],
)
def test_attempts_that_are_none(service: Service, body: Any) -> None:
    """Both or neither of link and code, and wrong types, are refused before anything is looked up."""
    answer = service.post("/magic-link/verify", body)
    assert (answer.status_code, answer.get_json()["code"]) == (400, "invalid_request")
    for secret in ("12345678", "11111"):
        assert secret not in answer.get_data(as_text=True)
    assert everything(service)["auth_state"] == []


@pytest.mark.parametrize("code", ["\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668", "    ", "----", "\U0001f600" * 4])
def test_codes_that_are_none(service: Service, code: str) -> None:
    """What holds no digits is a wrong code."""
    request_id = service.post("/magic-link", {"email": new_email()}).get_json()["request_id"]
    assert service.post("/magic-link/verify", {"request_id": request_id, "code": code}).status_code == 401


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_forms_of_other_sites(service: Service, content_type: str) -> None:
    """What a page of another site can send without asking first is no request, and no attempt."""
    for path in ("magic-link", "magic-link/verify"):
        answer = service.http.post(
            f"/api/v1/auth/{path}", data=b'{"email": "ann@example.com"}', content_type=content_type
        )
        assert answer.status_code == 415


@pytest.mark.parametrize("dashboard", ["workbook_abc123", "a.b:c-d_9", "x" * 128])
def test_dashboards_that_are_some(service: Service, dashboard: str) -> None:
    """What the seed shows, and what looks like it, comes back with the sign-in."""
    body = signs_in(service, linked(service, new_email(), dashboard_id=dashboard))
    assert body["dashboard_id"] == dashboard


def test_a_program_that_says_much_of_itself(service: Service) -> None:
    """Its name is cut, and nothing that cannot be printed is kept of it."""
    email = new_email()
    headers = {"User-Agent": "MobileDashboard/1.0 " + "\u0085x" * 2000}
    service.http.post("/api/v1/auth/magic-link", json={"email": email}, headers=headers)
    item = service.deps.one_use_tokens.get({"tokenId": service.link(email, "m").split(".")[0]}) or {}
    agent = item["metadata"]["userAgent"]
    assert agent.startswith("MobileDashboard/1.0 ")
    assert len(agent) <= 256
    assert agent.isprintable()
    assert kinds(service) == {"magic_link": 1}
