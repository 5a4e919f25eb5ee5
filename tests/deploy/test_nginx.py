"""nginx as it ships: what it lets through, what it stops, and what it keeps from gunicorn."""

from __future__ import annotations

import re
import socket
import time
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest

from panzoto.web.errors import HTTP
from tests.support.ministack import free_port
from tests.support.nginx import DEPLOY, nginx_before

from .conftest import JSON, PERSON, Stack

FORGOT = "/api/v1/auth/password/forgot"
HEAD = b"POST /api/login HTTP/1.1\r\nHost: api.example.com\r\nContent-Type: application/json\r\nContent-Length: 500\r\n"
SLOW = 12


def test_tls_and_http2(stack: Stack) -> None:
    """HTTP/2 is spoken, over TLS 1.2 or newer."""
    stack.nginx.trust.set_alpn_protocols(["h2", "http/1.1"])
    with stack.nginx.raw() as connection:
        assert (connection.selected_alpn_protocol(), connection.version()) == ("h2", "TLSv1.3")
    stack.nginx.trust.set_alpn_protocols(["http/1.1"])


def test_a_spoofed_address_does_not_move_a_limit(stack: Stack) -> None:
    """Whatever a client says of its own address, its requests count as those of one client."""
    statuses = []
    for number in range(5):
        spoofed = {
            "X-Forwarded-For": f"203.0.113.{number}",
            "X-Real-IP": f"203.0.113.{number}",
            "Forwarded": f"for=203.0.113.{number}",
        }
        body = orjson.dumps({"email": f"nobody-{number}@example.com"})
        statuses.append(stack.nginx.ask("POST", FORGOT, body, JSON | spoofed).status)
    assert statuses == [202, 202, 202, 429, 429]


def promptly(stack: Stack) -> None:
    """That somebody else is served meanwhile, long before a slow client is given up."""
    began = time.monotonic()
    assert stack.nginx.ask("POST", "/api/login", orjson.dumps(PERSON), JSON).status == 200
    assert time.monotonic() - began < 8


def test_slow_senders_hold_no_thread(stack: Stack) -> None:
    """Many times as many clients as there are threads, each in the midst of its body: the next one is served."""
    slow = [stack.nginx.raw() for _ in range(SLOW)]
    try:
        for connection in slow:
            connection.sendall(HEAD + b'\r\n{"email": ')
        promptly(stack)
    finally:
        for connection in slow:
            connection.close()


def refused(stack: Stack, status: int, code: str, **request: Any) -> None:
    """That nginx refuses it, in the shape of our errors, and gunicorn never hears of it."""
    answer = stack.nginx.ask(**{"method": "POST", "path": "/api/login"} | request)
    body = orjson.loads(answer.body)
    assert (answer.status, body["code"]) == (status, code)
    assert set(body) == {"error", "code", "request_id"}
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    line = stack.nginx.line_of(answer)
    assert (line["status"], line["upstream"]) == (str(status), "")


@pytest.mark.parametrize("size", [65_537, 3_000_000])
def test_an_oversize_body_stops_at_nginx(stack: Stack, size: int) -> None:
    """Whether it is a little too large or very much, it is 413, and gunicorn does not hear of it."""
    refused(stack, 413, "body_too_large", body=b"x" * size, headers=JSON)


def test_an_oversize_header_stops_at_nginx(stack: Stack) -> None:
    """A header of more than 8 KiB is a 431, an address of that length a 414."""
    refused(stack, 431, "headers_too_large", headers={"Cookie": "a" * 9000})
    refused(stack, 414, "address_too_long", path="/" + "a" * 9000)


def test_what_nginx_cannot_serve_is_said_in_our_shape(stack: Stack) -> None:
    """Methods, codings and versions that it does not know, and whoever speaks no TLS: no page of HTML for any."""
    refused(stack, 405, "method_not_allowed", method="TRACE")
    refused(stack, 501, "http_error", headers={"Transfer-Encoding": "odd"})
    plain = socket.create_connection(("127.0.0.1", stack.nginx.port), timeout=10)
    unread: dict[bytes, socket.socket] = {
        b"GET / HTTP/9.9\r\nHost: x\r\n\r\n": stack.nginx.raw(),
        b"GET / HTTP/1.1\r\n\r\n": stack.nginx.raw(),
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n": plain,
    }
    for raw, connection in unread.items():
        with connection:
            connection.sendall(raw)
            head, _, body = b"".join(iter(partial(connection.recv, 65536), b"")).partition(b"\r\n\r\n")
        assert (head.split()[1], orjson.loads(body)["code"]) == (b"400", "bad_request"), raw


def test_nginx_says_what_the_application_says() -> None:
    """An error has one code and one sentence, whoever is the first to see it."""
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    found = re.findall(r'return (\d+) .{"error":"([^"]+)","code":"(\w+)"', text)
    said = {int(status): (code, sentence) for status, sentence, code in found}
    assert {status: said[status] for status in (400, 405, 413, 414, 431)}.items() <= HTTP.items()


@pytest.mark.parametrize("path", ["/metrics", "/admin", "/admin/users", "/api/v1/admin/users"])
def test_figures_and_console_are_for_operators(stack: Stack, path: str) -> None:
    """From a network that `operators.conf` does not name, nginx answers; from one that it names, the application."""
    refused(stack, 403, "access_denied", method="GET", path=path, source="127.0.0.2")
    assert stack.nginx.line_of(stack.nginx.ask("GET", path))["upstream"] != ""


def test_no_token_is_in_a_log(stack: Stack) -> None:
    """Neither a page whose address is a secret nor an argument is noted as it is."""
    secret = "s3cret-of-a-link-0123456789"
    pages = [f"/m/{secret}", f"/reset/{secret}", f"/verify/{secret}", f"/api/health?code={secret}"]
    lines = [stack.nginx.line_of(stack.nginx.ask("GET", page)) for page in pages]
    assert [line["page"] for line in lines] == ["/m/...", "/reset/...", "/verify/...", "/api/health"]
    assert secret not in stack.nginx.noted()
    assert secret not in stack.nginx.said()


def test_the_address_of_a_client_is_noted(stack: Stack) -> None:
    """The id that a client hears leads to one line of nginx's log, with the address that it came from."""
    answer = stack.nginx.ask("GET", "/api/health", None, {"X-Forwarded-For": "203.0.113.9"}, source="127.0.0.7")
    assert stack.nginx.line_of(answer)["address"] == "127.0.0.7"


def test_without_gunicorn_it_says_so(tmp_path: Path) -> None:
    """A 503 with `Retry-After` in the shape of our errors; the log of faults quotes no address that is a secret."""
    with nginx_before(free_port(), tmp_path / "nginx") as nginx:
        answers = [nginx.ask("GET", page) for page in ("/api/health", "/m/s3cret-of-a-link", "/reset/s3cret-of-a-link")]
        said = nginx.said()
    assert [(each.status, orjson.loads(each.body)["code"]) for each in answers] == [(503, "unavailable")] * 3
    assert {each.headers["retry-after"] for each in answers} == {"5"}
    assert "/api/health" in said
    assert "s3cret" not in said
