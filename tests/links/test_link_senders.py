"""Links by real senders: SMTP to a server, SES and SNS of the embedded AWS; and each of them when it fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any

import pytest

from panzoto.messages.post import Post
from panzoto.messages.ses import SesSender
from panzoto.messages.sns import SnsSender
from tests.messages.answering import Aws, answering
from tests.messages.mail_servers import Inbox, serving
from tests.support.furnishing import SENDER
from tests.support.ministack import free_port
from tests.support.numbers import new_phone

from .conftest import CODE, PATIENT, Service, everything, new_email, on, refused, signs_in

FROM = "Panzoto <hello@example.com>"


def by_smtp(service_for: Callable[..., Service], port: int) -> Service:
    """The service, whose mail goes to that server."""
    smtp = {"mail_sender": "smtp", "smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none"}
    return service_for(**PATIENT, mail_from=FROM, **smtp)


def words(mail: EmailMessage) -> str:
    """The text of a mail."""
    part = mail.get_body(("plain",))
    assert part is not None
    text: str = part.get_content()
    return text


def token_in(text: str) -> str:
    """The link in a text."""
    return text.split("/m/")[1].split(maxsplit=1)[0]


def kept(service: Service) -> list[dict[str, Any]]:
    """The links that are kept."""
    return everything(service)["auth_tokens"]


# ── SMTP ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_smtp(service_for: Callable[..., Service]) -> None:
    """One mail arrives at the server, with link and code in text and HTML; each of them signs in."""
    with serving(box := Inbox()) as port:
        service, email = by_smtp(service_for, port), new_email()
        for by_code in (False, True):
            request_id = service.post("/magic-link", {"email": email}).get_json()["request_id"]
            mail, envelope = box.mails[-1], box.envelopes[-1]
            assert envelope.rcpt_tos == [email]
            text, html = words(mail), mail.get_body(("html",))
            assert html is not None
            (code,) = set(CODE.findall(text))
            assert token_in(text) in html.get_content()
            assert code in html.get_content()
            if by_code:
                body = {"request_id": request_id, "code": code}
                assert service.post("/magic-link/verify", body).status_code == 200
            else:
                signs_in(service, token_in(text))
        assert len(box.mails) == 2


def test_smtp_in_the_language_of_the_asker(service_for: Callable[..., Service]) -> None:
    """A browser that prefers German gets a German mail."""
    with serving(box := Inbox()) as port:
        service = by_smtp(service_for, port)
        service.http.post("/api/v1/auth/magic-link", json={"email": new_email()}, headers={"Accept-Language": "de-AT"})
    assert box.mails[0]["Subject"] == "Ihr Link zur Anmeldung"


@contextmanager
def _down(_: Inbox) -> Iterator[int]:
    yield free_port()


@pytest.mark.parametrize(
    ("answers", "hangs_up", "expected", "arrives"),
    [
        ({"RCPT": "451 4.7.1 greylisted"}, "", (503, "message_not_sent"), 0),
        ({"RCPT": "550 5.1.1 no such user"}, "", (422, "address_refused"), 0),
        ({"MAIL": "530 5.7.0 authentication required"}, "", (503, "message_not_sent"), 0),
        ({"DATA": "554 5.6.0 content rejected"}, "", (503, "message_not_sent"), 1),
        ({}, "RCPT", (503, "message_not_sent"), 0),
        ({}, "DATA", (503, "message_not_sent"), 1),
        (None, "", (503, "message_not_sent"), 0),
    ],
)
def test_smtp_that_fails(
    service_for: Callable[..., Service],
    answers: dict[str, str] | None,
    hangs_up: str,
    expected: tuple[int, str],
    arrives: int,
) -> None:
    """Whatever the server says, or nothing: the answer says so, no link stays valid, and none is sent twice."""
    box = Inbox(answers=answers or {}, hangs_up=hangs_up)
    with _down(box) if answers is None else serving(box) as port:
        service = by_smtp(service_for, port)
        assert refused(service.post("/magic-link", {"email": new_email()})) == expected
    assert len(box.mails) == arrives
    assert kept(service) == []


def test_a_lost_answer_of_smtp(service_for: Callable[..., Service]) -> None:
    """A mail whose receipt was lost may have arrived: its link is dead, and the next request's is good."""
    with serving(box := Inbox(hangs_up="DATA")) as port:
        service, email = by_smtp(service_for, port), new_email()
        assert service.post("/magic-link", {"email": email}).status_code == 503
        box.hangs_up = ""
        assert service.post("/magic-link", {"email": email}).status_code == 202
        dead, good = (token_in(words(each)) for each in box.mails)
        assert refused(service.post("/magic-link/verify", {"token": dead})) == (400, "link_invalid")
        signs_in(service, good)


# ── AWS ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_ses_and_sns(service: Service) -> None:
    """By default mail goes out by SES and SMS by SNS; what stands in them signs in."""
    email, phone = new_email(), new_phone()
    service.post("/magic-link", {"email": email})
    (mail,) = service.mails(email)
    assert (mail["channel"], token_in(mail["html"].replace('"', " "))) == ("email", token_in(mail["text"]))
    signs_in(service, token_in(mail["text"]))
    other = new_email()
    service.post("/magic-link", {"email": other, "flow": "sms", "phone_number": phone})
    (sms,) = service.mails(phone)
    assert sms["channel"] == "sms"
    assert not CODE.findall(sms["text"].split("http")[0])
    signs_in(service, token_in(sms["text"]))
    assert service.mails(other)[0]["subject"], "the email of the new account is to be proved"


@pytest.mark.parametrize("sms", [False, True])
@pytest.mark.parametrize(
    ("answer", "expected", "times"),
    [
        ((500, "InternalError"), (503, "message_not_sent"), 1),
        ((400, "Throttling"), (503, "message_not_sent"), 2),
        ((400, "Refused"), (422, "address_refused"), 1),
        (None, (503, "message_not_sent"), 1),
    ],
)
def test_aws_that_fails(
    service: Service, sms: bool, answer: tuple[int, str] | None, expected: tuple[int, str], times: int
) -> None:
    """SES and SNS are asked again only when they certainly sent nothing; no link stays valid that was not sent."""
    names = {
        ("Throttling", True): "Throttled",
        ("Refused", True): "InvalidParameter",
        ("Refused", False): "InvalidParameterValue",
    }
    answers = [(answer[0], names.get((answer[1], sms), answer[1]))] * 2 if answer else []
    with answering(*answers) as aws:
        failing = on(service, post=_post(aws))
        wish = {"email": new_email(), **({"flow": "sms", "phone_number": new_phone()} if sms else {})}
        assert refused(failing.post("/magic-link", wish)) == expected
    assert len(aws.asked) == times
    assert kept(service) == []


def _post(aws: Aws) -> Post:
    clients = aws.clients()
    return Post(mail=SesSender(clients.ses(), SENDER), sms=SnsSender(clients.sns()))


def test_a_service_without_sms(service_for: Callable[..., Service]) -> None:
    """Where no SMS is offered the answer says so, for everybody, and nothing is kept."""
    service = service_for(sms_sender="none", **PATIENT)
    wish = {"email": new_email(), "flow": "sms", "phone_number": new_phone()}
    assert refused(service.post("/magic-link", wish)) == (501, "sms_not_offered")
    assert kept(service) == []
    assert service.post("/magic-link", {"email": new_email()}).status_code == 202
