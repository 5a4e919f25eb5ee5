"""Against pumping and bombing: what may be sent to a phone, from an address, and over everything; and what fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from prometheus_client import REGISTRY
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

import limits
from panzoto import create_app
from panzoto.deps import build
from panzoto.models.auth_state.rates import Part
from panzoto.models.store.expressions import Change
from tests.accounts.conftest import new_email
from tests.support import border
from tests.support.numbers import new_phone

from .conftest import (
    Service,
    answer,
    asked,
    between_us_and_dynamodb,
    between_us_and_sns,
    charges,
    kept,
    newest_code,
    outcome,
    signed_in,
    texts,
    wrong,
)

SNS_REFUSES = b"<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>no</Message></Error></ErrorResponse>"


def ask(service: Service, phone: str) -> TestResponse:
    """Ask for a code."""
    return service.post("/initiate-otp", {"phone_number": phone})


def said(response: TestResponse) -> tuple[int, str | None]:
    """The status of an answer, and the code of its error."""
    return response.status_code, response.get_json().get("code")


def opened() -> float:
    """How often a breaker was opened in this process."""
    return REGISTRY.get_sample_value("panzoto_sms_breaker_opened_total") or 0.0


def sns_says(code: bytes, status: int = 400) -> border.Step:
    """An error as SNS says it."""
    return border.says(status, SNS_REFUSES % code)


def test_the_next_code_has_to_wait(service: Service) -> None:
    """Within thirty seconds nothing is sent or charged, and the answer tells the seconds that are left."""
    phone = new_phone()
    code = asked(service, phone)
    for passed, left in ((0, "30"), (1, "29"), (28, "1")):
        service.clock.pass_by(seconds=passed)
        response = ask(service, phone)
        assert (said(response), response.headers["Retry-After"]) == ((429, "rate_limited"), left)
    assert (len(texts(service, phone)), charges(service, "code.phone", phone)) == (1, 1)
    assert answer(service, phone, code)[0] == 200
    assert said(ask(service, phone)) == (200, None)


def test_a_delay_of_its_own(service_for: Callable[..., Service]) -> None:
    """OTP_RESEND_DELAY says how long."""
    service, phone = service_for(otp_resend_delay=timedelta(seconds=90)), new_phone()
    assert ask(service, phone).get_json()["resend_after"] == 90
    service.clock.pass_by(seconds=60)
    assert ask(service, phone).headers["Retry-After"] == "30"
    service.clock.pass_by(seconds=30)
    assert said(ask(service, phone)) == (200, None)


def test_one_phone_gets_so_many(service_for: Callable[..., Service]) -> None:
    """Past the limit of a phone nothing is sent to it until its window ends; other phones go on."""
    service, phone = service_for(rate_limits=limits.changed("code.phone=3/12h")), new_phone()
    for _ in range(3):
        assert said(ask(service, phone)) == (200, None)
        service.clock.pass_by(seconds=30)
    refused = ask(service, phone)
    assert said(refused) == (429, "rate_limited")
    assert len(texts(service, phone)) == 3
    assert charges(service, "sms.everywhere", "all") <= 3
    assert said(ask(service, new_phone())) == (200, None)
    service.clock.pass_by(seconds=int(refused.headers["Retry-After"]))
    assert said(ask(service, phone)) == (200, None)


def test_one_network_shuts_nobody_out(service_for: Callable[..., Service]) -> None:
    """Codes, links and wrong guesses of one network end before the phone's limit; its owner, elsewhere, goes on."""
    tight = limits.changed("code.phone=8/12h,code.network=5/12h,code.address=100/1h,link.address=100/1h")
    service, phone = service_for(rate_limits=tight), new_phone()
    code = asked(service, phone)
    assert outcome(service, phone, wrong(code)) == (401, "code_rejected")
    wishes = [{"email": new_email(), "flow": "sms", "phone_number": phone} for _ in range(4)]
    assert [service.post("/magic-link", wish).status_code for wish in wishes] == [202, 202, 202, 429]
    assert outcome(service, phone, wrong(code)) == (429, "rate_limited")
    service.clock.pass_by(seconds=30)
    refused = ask(service, phone)
    assert said(refused) == (429, "rate_limited")
    assert int(refused.headers["Retry-After"]) > 30
    assert charges(service, "code.phone", phone) == 5
    for expected in [(200, None)] * 3 + [(429, "rate_limited")]:
        body = {"phone_number": phone}
        answered = service.post("/initiate-otp", body, environ_base={"REMOTE_ADDR": "198.51.100.9"})
        assert said(answered) == expected
        service.clock.pass_by(seconds=30)


def test_two_networks_guess_no_more_than_one(service: Service) -> None:
    """One asks and the other guesses: what is looked at beyond the part of who guesses is charged to who asks."""
    phone, looked_at, sent = new_phone(), 0, 0
    body = {"phone_number": phone, "device_id": "d"}
    asks = {"REMOTE_ADDR": "198.51.100.9"}
    while service.post("/initiate-otp", body, environ_base=asks).status_code == 200:
        sent += 1
        wrong_one = wrong(newest_code(service, phone))
        for _ in range(service.deps.config.otp_max_attempts):
            said_of_it = outcome(service, phone, wrong_one, device_id="d")[0]
            looked_at += said_of_it != 429 or "OTPHash" in kept(service, phone)
        service.clock.pass_by(seconds=120)
    whole = service.deps.config.rate_limits["code.phone"].most
    assert charges(service, "code.phone", phone) == whole
    assert sent + looked_at <= whole + service.deps.config.otp_max_attempts


def test_a_code_from_before_it_was_known_who_asked(service_for: Callable[..., Service]) -> None:
    """It is charged to whoever guesses, as far as their part goes, and what was sent is given back one by one."""
    tight = limits.changed("code.phone=8/12h,code.network=2/12h")
    service, phone = service_for(rate_limits=tight), new_phone()
    code = asked(service, phone)
    service.deps.otps.update({"PK": f"OTP#{phone}", "SK": "METADATA"}, Change(remove=["AskedFrom"]))
    said_of_them = [outcome(service, phone, wrong(code))[0] for _ in range(3)]
    assert (said_of_them, charges(service, "code.phone", phone)) == ([401, 429, 429], 2)
    part = Part.of("code.network", "127.0.0.1")
    for left in (1, 0, 0):
        service.deps.rates.give_back("code.phone", phone, service.clock.now, part)
        assert charges(service, "code.phone", phone) == left


def test_networks_leave_nothing_where_nothing_was_sent(service_for: Callable[..., Service]) -> None:
    """The item of a phone does not grow by networks whose charge was given back."""
    service, phone = service_for(sms_sender="none"), new_phone()
    for number in range(20):
        body, place = {"phone_number": phone}, {"REMOTE_ADDR": f"198.51.100.{number}"}
        assert service.post("/initiate-otp", body, environ_base=place).status_code == 501
    window = service.deps.config.rate_limits["code.phone"].index(service.clock.now)
    item = kept(service, f"code.phone#{phone}#{window}", "RATE")
    assert [name for name in item if name.startswith("Count")] == ["Count"]


def test_what_was_not_sent_is_given_back_to_its_network(service_for: Callable[..., Service]) -> None:
    """Where no SMS can be sent, no network comes to its limit by trying."""
    service, phone = service_for(sms_sender="none", rate_limits=limits.changed("code.network=1/12h")), new_phone()
    for _ in range(2):
        assert said(ask(service, phone)) == (501, "sms_not_offered")


def test_the_other_ways_of_writing_it_are_the_same_phone(service: Service) -> None:
    """Spaces and brackets make no other number, for limits as for codes."""
    phone = new_phone()
    written = f" {phone[:2]} ({phone[2:5]}) {phone[5:8]}-{phone[8:]}"
    code = asked(service, phone)
    assert said(ask(service, written)) == (429, "rate_limited")
    assert answer(service, written, code)[1]["user"]["phone_number"] == phone


def test_wrong_guesses_and_codes_are_bounded_together(service_for: Callable[..., Service]) -> None:
    """Whoever guesses on from code to code comes to the phone's limit; a right guess is let in even then."""
    service, phone = service_for(rate_limits=limits.changed("code.phone=5/12h")), new_phone()
    code = asked(service, phone)
    assert [outcome(service, phone, wrong(code)) for _ in range(4)] == [(401, "code_rejected")] * 4
    service.clock.pass_by(seconds=30)
    assert said(ask(service, phone)) == (429, "rate_limited")
    assert answer(service, phone, code)[0] == 200


def test_one_address_asks_so_often(service_for: Callable[..., Service]) -> None:
    """Past the limit of an address nothing is sent for it, to whatever phones; another address goes on."""
    service = service_for(rate_limits=limits.changed("code.address=2/1h"))
    phones = [new_phone() for _ in range(3)]
    assert [ask(service, phone).status_code for phone in phones] == [200, 200, 429]
    assert (texts(service, phones[2]), kept(service, phones[2])) == ([], {})
    other = {"REMOTE_ADDR": "203.0.113.9"}
    body = {"phone_number": phones[2]}
    assert service.http.post("/api/v1/auth/initiate-otp", json=body, environ_base=other).status_code == 200


def test_one_address_guesses_so_often(service_for: Callable[..., Service]) -> None:
    """Past the limit of guesses an address hears 429 before anything is looked at or charged to the code."""
    service, phone = service_for(rate_limits=limits.changed("code.guesses=2/15m")), new_phone()
    code = asked(service, phone)
    assert [outcome(service, phone, wrong(code))[0] for _ in range(2)] == [401, 401]
    assert outcome(service, phone, code) == (429, "rate_limited")
    assert kept(service, phone)["Attempts"] == 2
    other = {"REMOTE_ADDR": "203.0.113.9"}
    body = {"phone_number": phone, "otp": code}
    assert service.http.post("/api/v1/auth/verify-otp", json=body, environ_base=other).status_code == 200


# ── the breaker ─────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def breaking(service_for: Callable[..., Service]) -> Service:
    """A service whose breaker opens at the fourth SMS in five minutes, at the beginning of such a window."""
    service = service_for(rate_limits=limits.changed("sms.everywhere=3/5m,code.address=1000/1h"))
    service.clock.pass_by(seconds=300 - service.clock.now.timestamp() % 300)
    return service


def another_process(service: Service) -> Service:
    """The same service in another process, which remembers nothing of this one's."""
    deps = replace(build(service.deps.config), clock=service.clock)
    return replace(service, deps=deps, http=create_app(deps.config, deps).test_client())


def test_the_breaker_opens_and_closes_again(breaking: Service) -> None:
    """A burst ends all SMS until the end of the next window; a log line and a metric tell it once; then they go on."""
    others, before = [another_process(breaking) for _ in range(2)], opened()
    for _ in range(3):
        assert said(ask(breaking, new_phone())) == (200, None)
    victim = new_phone()
    with capture_logs() as logs:
        for service in (breaking, *others, breaking, *others):
            response = ask(service, victim)
            assert (said(response), response.headers["Retry-After"]) == ((429, "rate_limited"), "600")
    (line,) = [line for line in logs if line["event"] == "sms_breaker_opened"]
    assert (line["log_level"], line["limit"]) == ("error", "sms.everywhere=3/5m")
    assert opened() == before + 1
    for passed, left in ((299, "301"), (1, "300"), (299, "1")):
        breaking.clock.pass_by(seconds=passed)
        for service in (breaking, *others, another_process(breaking)):
            assert (said(response := ask(service, victim)), response.headers["Retry-After"]) == (
                (429, "rate_limited"),
                left,
            )
    assert (texts(breaking, victim), opened()) == ([], before + 1)
    breaking.clock.pass_by(seconds=1)
    for service in (breaking, *others):
        assert said(ask(service, new_phone())) == (200, None)
    assert said(ask(breaking, victim))[0] == 429, "three are sent again, and the fourth opens it again"
    assert opened() == before + 2


def test_an_open_breaker_locks_nobody_out_for_longer(breaking: Service) -> None:
    """Whoever asks in vain while it is open is charged no SMS, and gets a code when it is closed."""
    phone = new_phone()
    for _ in range(3):
        ask(breaking, new_phone())
    for _ in range(40):
        assert said(ask(breaking, phone)) == (429, "rate_limited")
    assert (charges(breaking, "code.phone", phone), kept(breaking, phone)) == (0, {})
    breaking.clock.pass_by(seconds=600)
    assert signed_in(breaking, phone)["user"]["phone_number"] == phone


def test_an_open_breaker_lets_people_in_who_have_a_code(breaking: Service) -> None:
    """It is the sending that stops."""
    phones = [new_phone() for _ in range(3)]
    codes = [asked(breaking, phone) for phone in phones]
    assert ask(breaking, new_phone()).status_code == 429
    assert answer(breaking, phones[0], codes[0])[0] == 200


def test_a_quiet_window_opens_nothing(breaking: Service) -> None:
    """Three in each window are sent for ever."""
    before = opened()
    for _ in range(3):
        assert [ask(breaking, new_phone()).status_code for _ in range(3)] == [200] * 3
        breaking.clock.pass_by(seconds=300)
    assert opened() == before


def test_the_counts_are_collected(breaking: Service) -> None:
    """Every count of the breaker has a TTL at the end of its window."""
    for _ in range(4):
        ask(breaking, new_phone())
    windows = [
        item
        for item in build(breaking.deps.config, operator=True).rates.scan()
        if item["PK"].startswith("RATE#sms.everywhere#")
    ]
    now = int(breaking.clock.now.timestamp())
    assert sorted((item["TTL"] - now, item["Count"], item.get("Closed", False)) for item in windows) == [
        (300, 3, False),
        (600, 3, True),
    ]


def test_a_breaker_whose_opening_was_not_answered(breaking: Service) -> None:
    """The opening whose answer was lost is told of once, and holds."""
    before, store = opened(), between_us_and_dynamodb(breaking)
    for _ in range(3):
        ask(breaking, new_phone())
    # address, resend, phone, the window that is full, and the closing of the next one
    store.expect(*[border.through] * 4, border.lost)
    assert said(ask(breaking, new_phone())) == (429, "rate_limited")
    store.expect()
    assert opened() == before + 1
    assert said(ask(another_process(breaking), new_phone())) == (429, "rate_limited")
    assert opened() == before + 1


# ── senders that fail ───────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("times", [1, 2])
def test_sns_that_cannot_be_reached(service: Service, times: int) -> None:
    """503 with a time; the code that nobody got works nowhere; nothing is charged, and the next try need not wait."""
    phone, sns = new_phone(), between_us_and_sns(service)
    for _ in range(times):
        sns.expect(then=border.fails(ConnectTimeoutError(endpoint_url="sns")))
        response = ask(service, phone)
        assert (said(response), response.headers["Retry-After"]) == ((503, "message_not_sent"), "10")
        assert len(sns.requests) == 2, "what was certainly not sent is tried once more"
        lost = dict(sns.requests[-1])["Message"].split("code is ")[1][:6]
        sns.expect()
        assert "OTPHash" not in kept(service, phone)
        assert outcome(service, phone, lost) == (401, "code_rejected")
    assert (charges(service, "code.phone", phone), charges(service, "sms.everywhere", "all")) == (0, 0)
    assert signed_in(service, phone)["user"]["phone_number"] == phone
    assert len(texts(service, phone)) == 1


def test_an_outage_of_sns_opens_no_breaker(breaking: Service) -> None:
    """A burst of SMS that were not sent is no burst, and locks no phone out."""
    phone, sns, before = new_phone(), between_us_and_sns(breaking), opened()
    sns.expect(then=border.fails(ConnectTimeoutError(endpoint_url="sns")))
    for _ in range(5):
        assert said(ask(breaking, phone)) == (503, "message_not_sent")
    sns.expect()
    assert said(ask(breaking, phone)) == (200, None)
    assert opened() == before


def test_an_outage_of_sns_is_none_for_links_either(breaking: Service) -> None:
    """A link by SMS that was not sent is charged to nobody; one of which nobody knows is."""
    phone, sns, before = new_phone(), between_us_and_sns(breaking), opened()
    wish = {"email": f"{phone[1:]}@example.com", "flow": "sms", "phone_number": phone}
    sns.expect(then=border.fails(ConnectTimeoutError(endpoint_url="sns")))
    for _ in range(5):
        assert said(breaking.post("/magic-link", wish)) == (503, "message_not_sent")
    assert (charges(breaking, "code.phone", phone), charges(breaking, "sms.everywhere", "all")) == (0, 0)
    sns.expect(border.lost)
    assert said(breaking.post("/magic-link", wish)) == (503, "message_not_sent")
    assert (charges(breaking, "code.phone", phone), charges(breaking, "sms.everywhere", "all")) == (1, 1)
    assert breaking.post("/magic-link", wish).status_code == 202
    assert opened() == before


def test_an_answer_of_sns_that_was_lost(service: Service) -> None:
    """The SMS may have come: it is charged, not sent again for the same request, and its code works no more."""
    phone, sns = new_phone(), between_us_and_sns(service)
    sns.expect(border.lost)
    assert said(ask(service, phone)) == (503, "message_not_sent")
    assert len(sns.requests) == 1
    (text,) = texts(service, phone)
    assert outcome(service, phone, text.split("code is ")[1][:6]) == (401, "code_rejected")
    assert charges(service, "code.phone", phone) == 1
    assert signed_in(service, phone)["user"]["phone_number"] == phone


@pytest.mark.parametrize(
    ("step", "answered", "charged"),
    [
        (sns_says(b"InvalidParameter"), (422, "address_refused"), 0),
        (sns_says(b"OptedOut"), (422, "address_refused"), 0),
        (sns_says(b"AuthorizationError", 403), (503, "message_not_sent"), 1),
        (sns_says(b"InternalError", 500), (503, "message_not_sent"), 1),
        (border.says(200, b"<<<"), (503, "message_not_sent"), 1),
        (border.fails(ReadTimeoutError(endpoint_url="sns")), (503, "message_not_sent"), 1),
    ],
)
def test_what_sns_says(service: Service, step: border.Step, answered: tuple[int, str], charged: int) -> None:
    """A number that it refuses is the asker's fault, everything else ours; neither leaves a code."""
    phone, sns = new_phone(), between_us_and_sns(service)
    sns.expect(then=step)
    assert said(ask(service, phone)) == answered
    assert ("OTPHash" in kept(service, phone), charges(service, "code.phone", phone)) == (False, charged)
    sns.expect()
    assert said(ask(service, phone)) == (200, None)


def test_a_service_without_sms(service_for: Callable[..., Service]) -> None:
    """With SMS_SENDER=none it says so, as often as it is asked, and keeps no code."""
    service = service_for(sms_sender="none", rate_limits=limits.changed("sms.everywhere=2/5m,code.phone=2/12h"))
    phone, before = new_phone(), opened()
    for _ in range(4):
        assert said(ask(service, phone)) == (501, "sms_not_offered")
    assert (kept(service, phone).get("OTPHash"), opened()) == (None, before)


def test_a_code_that_replaced_the_one_that_failed_stays(service: Service) -> None:
    """Another is asked for while a send hangs: the failure of the first takes nothing from it, and is told."""
    phone, sns = new_phone(), between_us_and_sns(service)
    other = another_process(service)

    def meanwhile() -> None:
        service.clock.pass_by(seconds=30)
        assert said(ask(other, phone)) == (200, None)

    sns.expect(border.after(meanwhile, border.fails(ReadTimeoutError(endpoint_url="sns"))))
    assert said(ask(service, phone)) == (503, "message_not_sent")
    code = texts(service, phone)[0].split("code is ")[1][:6]
    assert answer(service, phone, code)[0] == 200


def test_a_code_that_was_deleted_while_it_was_sent_leaves_nothing(service: Service) -> None:
    """A failed send whose item is gone by then makes no item without an end."""
    phone, sns = new_phone(), between_us_and_sns(service)
    gone = border.after(lambda: service.deps.otps.forget(phone), border.fails(ReadTimeoutError(endpoint_url="sns")))
    sns.expect(gone)
    assert said(ask(service, phone)) == (503, "message_not_sent")
    assert kept(service, phone) == {}


def test_a_full_window_stays_full(breaking: Service) -> None:
    """An SMS that fails after the window was filled by others opens no place in it."""
    sns = between_us_and_sns(breaking)

    def fill() -> None:
        now = breaking.clock.now
        window = breaking.deps.config.rate_limits["sms.everywhere"].index(now)
        key: dict[str, Any] = {"PK": f"RATE#sms.everywhere#all#{window}", "SK": "METADATA"}
        breaking.deps.rates.update(key, Change(set={"Count": 3}))

    sns.expect(border.after(fill, border.says(400, SNS_REFUSES % b"OptedOut")))
    assert said(ask(breaking, new_phone())) == (422, "address_refused")
    assert charges(breaking, "sms.everywhere", "all") == 3
    assert said(ask(breaking, new_phone())) == (429, "rate_limited")
