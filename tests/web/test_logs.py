"""Log lines are JSON and hold no secret, no email and no phone number."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from panzoto import logs
from panzoto.web.application import Application


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[dict[str, Any]]]:
    """Reads the lines that were logged since it was last asked."""
    return lambda: [orjson.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_request_is_one_line(app_for: Callable[..., Application], lines: Callable[[], list[dict[str, Any]]]) -> None:
    """One line a request, with its route's pattern, its status, its time and its cost."""
    app_for().test_client().get("/try/list?limit=3", headers={"X-Request-ID": "abcdefgh"})
    (line,) = lines()
    assert line["event"] == "request"
    assert (line["method"], line["route"], line["status"]) == ("GET", "/try/list", 200)
    assert line["request_id"] == "abcdefgh"
    assert line["ms"] >= 0
    assert {"reads", "writes", "trips", "address", "timestamp", "level"} <= set(line)


def test_probes_are_quiet(app_for: Callable[..., Application], lines: Callable[[], list[dict[str, Any]]]) -> None:
    """A probe every second is not news, until it fails."""
    app_for().test_client().get("/healthz")
    assert lines() == []
    app_for(aws_endpoint="http://127.0.0.1:9").test_client().get("/readyz")
    assert {line["event"] for line in lines()} == {"request", "store_unavailable"}


def test_an_address_is_not_logged(
    app_for: Callable[..., Application], lines: Callable[[], list[dict[str, Any]]]
) -> None:
    """An address may hold a token, so a line has the pattern that it matched."""
    app_for().test_client().get("/m/tok_secret.value?token=secret")
    assert "secret" not in str(lines())


def test_a_defect_is_logged_without_personal_data(
    app_for: Callable[..., Application], lines: Callable[[], list[dict[str, Any]]]
) -> None:
    """The traceback of a defect is there; the email and the phone number in its message are not."""
    app_for().test_client().get("/try/defect")
    (line,) = [line for line in lines() if line["event"] == "unexpected_error"]
    assert "RuntimeError" in line["exception"]
    assert "somebody@example.com" not in str(line)
    assert "+14155550100" not in str(line)


@pytest.mark.parametrize(
    "name",
    [
        *("password", "new_password", "refresh_token", "token", "Authorization", "otp", "code", "Set-Cookie"),
        *("key_hash", "client_secret", "recovery_key", "wrapped_audio_key", "sessionJWT", "api_key", "OTPHash"),
        *("auth_code", "sms_code", "code_verifier", "data_key", "audio_key", "signing_key", "credentials", "passcode"),
        *("pepper", "signature", "pwd", "aws_secret_access_key"),
    ],
)
def test_secrets_are_hidden_by_name(name: str) -> None:
    """What stands under the name of a secret is hidden, however deep."""
    hidden = logs.redacted({name: "canary", "deep": [{name: ["canary"]}, ({name: b"canary"},)]})
    assert "canary" not in str(hidden)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ann@example.com signed in", "[email] signed in"),
        ("to <ann.b+tag@sub.example.co.uk>", "to <[email]>"),
        ("žluť@příklad.cz", "[email]"),
        ("call +1 415-555-0100 or +420777123456", "call [phone] or [phone]"),
        ("got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl", "got [jwt]"),
        ("Authorization: Bearer abcDEF123.456-_~+/=", "Authorization: Bearer [bearer]"),
        ("BEARER abcDEF123.456", "BEARER [bearer]"),
        ("Basic YW5uOnNlY3JldA==", "Basic [basic]"),
        ("/x?password=hunter2&a=1", "/x?password=[secret]&a=1"),
        ("X-Amz-Signature=0a1b2c", "X-Amz-Signature=[secret]"),
        ("ann%40example.com", "[email]"),
        ("%2B14155550100 and +1.415.555.0100", "[phone] and [phone]"),
        ("rt1.ses_abc.3.mM0aB1cD2eF3", "[refresh]"),
        ("/m/tok_0123456789abcdef.ABCDEF0123", "/m/[link]"),
    ],
)
def test_personal_data_is_masked_in_text(text: str, shown: str) -> None:
    """Emails, phone numbers and tokens are masked wherever they stand in a text."""
    assert logs.clean(text) == shown


@pytest.mark.parametrize("change", [str, str.upper, lambda text: text.replace("k", "\u212a")], ids=range(3))
@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("eyJhbGciOiJ.eyJzdWIi.c2lnbmF0dXJl", "jwt"),
        ("rt1.ses_abc.3.mM0aB1cD2eF3", "refresh"),
        ("tok_0123456789abcdef.ABCDEF0123", "link"),
        ("ct1.mM0aB1cD2eF3", "content"),
        ("ann@example", "email"),
        ("ann%40example", "email"),
        ("+14155550100", "phone"),
        ("%2b14155550100", "phone"),
    ],
)
def test_personal_data_alone_is_masked(text: str, kind: str, change: Callable[[str], str]) -> None:
    """With nothing around it, and in letters of any size: it is in no text that is taken for harmless unread."""
    assert logs.clean(change(text)) == f"[{kind}]"


@pytest.mark.parametrize("text", ["2026-11-20T06:17:13Z", "GET /api/health 200", "1.5 + 2.5", "127.0.0.1", "a@ b"])
def test_ordinary_text_stays(text: str) -> None:
    """What is no secret is not masked."""
    assert logs.clean(text) == text


def test_flags_are_not_secrets() -> None:
    """Whether there was a token may be known."""
    assert logs.redacted({"token": None, "password": True, "token_type": "Bearer"}) == {
        "token": None,
        "password": True,
        "token_type": "Bearer",
    }


@given(st.text(max_size=60))
def test_any_text_can_be_logged(text: str) -> None:
    """Whatever a client sends, the line stays one line of JSON."""
    line = logs._dumps(logs._redact(None, "", {"event": text}))
    assert "\n" not in line
    assert orjson.loads(line)


def test_lines_of_libraries_are_ours(lines: Callable[[], list[dict[str, Any]]]) -> None:
    """What a library logs is a line of JSON too, without personal data."""
    logging.getLogger("some.library").warning("failed for %s", "ann@example.com")
    (line,) = lines()
    assert (line["event"], line["logger"], line["level"]) == ("failed for [email]", "some.library", "warning")


def test_whatever_is_logged_is_cleaned() -> None:
    """An object is logged by its text, and that text is cleaned like any other."""
    shown = logs.redacted({"error": ValueError("ann@example.com"), "number": 2**70, "when": None, "ok": True})
    assert shown == {"error": "[email]", "number": str(2**70), "when": None, "ok": True}


def test_masking_takes_no_time_to_speak_of() -> None:
    """A long text that almost is a token is looked at once, not once for each of its letters."""
    began = time.perf_counter()
    logs.clean("eyJ" * 30_000)
    assert time.perf_counter() - began < 5


def test_a_line_that_cannot_be_formatted_harms_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    """A library that logs badly goes on; so does a line with half a character."""
    (ours,) = (each for each in logging.getLogger().handlers if isinstance(each, logs._Foreign))
    ours.handle(logging.LogRecord("some.library", logging.WARNING, __file__, 1, "bad %s %s", ("one",), None))
    assert "Logging error" in capsys.readouterr().err
    assert json.loads(logs._dumps({"event": "\ud800"})) == {"event": "\ud800"}
