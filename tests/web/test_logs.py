"""Log lines are JSON and hold no secret, no email and no phone number."""

from __future__ import annotations

import logging
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
    ],
)
def test_personal_data_is_masked_in_text(text: str, shown: str) -> None:
    """Emails, phone numbers and tokens are masked wherever they stand in a text."""
    assert logs.clean(text) == shown


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
