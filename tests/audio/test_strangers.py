"""A host that AWS does not know, by its clock or its credentials: people may come back, and operators read why."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime
from typing import Any

from structlog.testing import capture_logs

from tests.audio.conftest import FILES, Phone
from tests.support import border
from tests.support.border import Border

EXPIRED = "The credentials of this host have expired"
NOBODY = "AWS does not know this host's access key"
AHEAD = "This host's clock is 17 minutes ahead of AWS's"
BEHIND = "This host's clock is 17 minutes behind AWS's"
SIGNATURE = "AWS refused our signature: the clock of this host, or the secret of its access key, is wrong."
CASES: list[tuple[str, int | None, str]] = [
    ("InvalidSignatureException", 17, AHEAD),
    ("InvalidSignatureException", -17, BEHIND),
    ("InvalidSignatureException", 0, SIGNATURE),
    ("SignatureDoesNotMatch", 3, SIGNATURE),
    ("SignatureDoesNotMatch", None, SIGNATURE),
    ("UnrecognizedClientException", 0, NOBODY),
    ("ExpiredTokenException", 0, EXPIRED),
]


def heard(phone: Phone, meets: Border, path: str, body: Any, ahead: int | None, method: str = "GET") -> list[str]:
    """Why AWS, which answers so, does not know us, as the log tells; people hear when to come back."""
    theirs = phone.service.clock.now - timedelta(minutes=ahead or 0)
    date = {} if ahead is None else {"Date": format_datetime(theirs, usegmt=True)}
    meets.expect(then=border.says(403 if body == b"" else 400, body, **date))
    with capture_logs() as logs:
        answer = phone.ask(method, path)
    meets.expect()
    assert answer.status_code == 503, answer.get_json()
    assert int(answer.headers["Retry-After"]) > 0
    assert "clock" not in answer.get_data(as_text=True)
    assert not [line for line in logs if line["event"] == "unexpected_error"]
    return [line["reason"] for line in logs if line["event"] == "aws_refuses_this_host"]


def test_dynamodb_does_not_know_us(phone: Phone) -> None:
    """It is a 503 and no 500, and the line says whether it is the clock, by how much, or the credentials."""
    meets = border.at(phone.deps.gateway._client)
    for code, ahead, reason in CASES:
        (line,) = heard(phone, meets, "/readyz", {"__type": f"x#{code}", "message": "no"}, ahead)
        assert line.startswith(reason)


def test_s3_does_not_know_us(phone: Phone) -> None:
    """S3 refuses a HEAD without a word: where the clocks differ it is the clock, and else it may be anything."""
    kept = phone.keep()
    meets = border.at(phone.deps.bucket._client)
    for ahead, reasons in ((17, [AHEAD]), (0, [])):
        found = heard(phone, meets, f"{FILES}/{kept['file_id']}/download", b"", ahead)
        assert [each[: len(AHEAD)] for each in found] == reasons


def test_s3_says_so(phone: Phone) -> None:
    """What S3 says in words, of a clock and of old credentials, is told as well."""
    meets = border.at(phone.deps.bucket._client)
    for code, reason in (("RequestTimeTooSkewed", AHEAD), ("ExpiredToken", EXPIRED), ("InvalidAccessKeyId", NOBODY)):
        kept = phone.keep()
        said = f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode()
        (line,) = heard(phone, meets, f"{FILES}/{kept['file_id']}", said, 17, "DELETE")
        assert line.startswith(reason)
