"""No request hides in another: what one program takes for one request, none behind it takes for two (ASVS 4.2.1)."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from panzoto.deps import Deps
from tests.proof import front
from tests.support import server as gunicorn
from tests.support.ministack import free_port
from tests.support.needs import needs

HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /healthz HTTP/1.1\r\nHost: x\r\n"
CHUNKED = b"5\r\nhello\r\n0\r\n\r\n"
# Each says how long its body is in a way that some program reads otherwise.
BODIES = {
    "both": b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    "both, turned": b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" + HIDDEN,
    "two lengths": b"Content-Length: 0\r\nContent-Length: %d\r\n\r\n" % len(HIDDEN) + HIDDEN,
    "a list of lengths": b"Content-Length: 0, %d\r\n\r\n" % len(HIDDEN) + HIDDEN,
    "a sign": b"Content-Length: +0\r\n\r\n" + HIDDEN,
    "a minus": b"Content-Length: -1\r\n\r\n" + HIDDEN,
    "hexadecimal": b"Content-Length: 0x0\r\n\r\n" + HIDDEN,
    "another coding": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    "a space before the colon": b"Transfer-Encoding : chunked\r\nContent-Length: 0\r\n\r\n0\r\n\r\n" + HIDDEN,
    "a tab": b"Transfer-Encoding:\x0bchunked\r\nContent-Length: 0\r\n\r\n0\r\n\r\n" + HIDDEN,
    "a folded line": b"Transfer-Encoding:\r\n chunked\r\nContent-Length: 0\r\n\r\n0\r\n\r\n" + HIDDEN,
    "twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + HIDDEN,
    "an underscore": b"Transfer_Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "a size that is none": b"Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n" + HIDDEN,
    "an extension of a chunk": b"Transfer-Encoding: chunked\r\n\r\n5;a=\nx\r\nhello\r\n0\r\n\r\n" + HIDDEN,
    "a NUL": b"Transfer-Encoding: chun\0ked\r\nContent-Length: 0\r\n\r\n0\r\n\r\n" + HIDDEN,
    "a header's end in a header": b"X: y\rTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "a bare end of line": b"Transfer-Encoding: chunked\n\n0\n\n" + HIDDEN,
}

BOTH = b"Host: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + HIDDEN
# Each begins in a way that some program does not expect.
LINES = {
    "an address with its host": b"POST http://other.example/healthz HTTP/1.1\r\n" + BOTH,
    "an older HTTP that stays": b"POST /healthz HTTP/1.0\r\nConnection: keep-alive\r\n" + BOTH,
    "an HTTP that is none": b"POST /healthz HTTP/1.1 HTTP/1.1\r\n" + BOTH,
    "the oldest HTTP": b"GET /healthz\r\nHost: x\r\n\r\n" + HIDDEN,
    "a line that is too long": b"GET /healthz?" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n" + HIDDEN,
    "empty lines": b"\r\n" * 20 + b"POST /healthz HTTP/1.1\r\n" + BOTH,
}
SMUGGLED = {**{name: POST + body for name, body in BODIES.items()}, **LINES}

# nginx ends lines at a bare LF too: to it these are two requests, and each goes on alone, on a connection of its own.
TWO_TO_NGINX = {"a bare end of line"}


def answers(port: int, sent: bytes, *, stays: bool = False) -> list[int]:
    """The status of each answer that comes before the connection ends or rests; nginx answers whoever stays alone."""
    with socket.create_connection(("127.0.0.1", port), timeout=2 if stays else 5) as connection:
        connection.sendall(sent)
        if not stays:
            connection.shutdown(socket.SHUT_WR)
        got = b""
        try:
            while more := connection.recv(65536):
                got += more
        except (TimeoutError, ConnectionResetError):
            got += b""  # what came before is what is looked at
    return [int(each[:3]) for each in got.split(b"HTTP/1.1 ")[1:]]


@pytest.fixture(scope="module")
def port(ministack: str, deps: Deps) -> Iterator[int]:
    """A gunicorn of one process."""
    environ = gunicorn.environment(ministack, str(deps.config.aws_access_key_id), WEB_CONCURRENCY="1")
    with gunicorn.serving({**environ, "PORT": str(free_port())}) as serving:
        yield serving.port


def test_a_plain_request_is_answered(port: int) -> None:
    """Two requests on one connection have two answers: one too many would be seen."""
    assert answers(port, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" + HIDDEN) == [200, 404]


@pytest.mark.parametrize("smuggled", SMUGGLED.values(), ids=list(SMUGGLED))
def test_no_request_hides_in_another(port: int, smuggled: bytes) -> None:
    """A request that can be read in two ways is refused or read in one, and what hides in it is never answered."""
    assert 404 not in answers(port, smuggled)


@pytest.fixture(scope="module")
def through_nginx(ministack: str, deps: Deps, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The nginx that ships, before a gunicorn of one process."""
    environ = gunicorn.environment(ministack, str(deps.config.aws_access_key_id), WEB_CONCURRENCY="1")
    folder = tmp_path_factory.mktemp("front")
    with front.serving(needs("nginx"), {**environ, "TRUSTED_PROXIES": "1"}, Path(folder)) as before:
        yield before.port


@pytest.fixture(scope="module")
def heard(through_nginx: int) -> dict[str, list[int]]:
    """What nginx answers to each, all asked at once: it waits for whoever stays."""
    with ThreadPoolExecutor(len(SMUGGLED)) as each:
        asked = {name: each.submit(answers, through_nginx, sent, stays=True) for name, sent in SMUGGLED.items()}
    return {name: answer.result() for name, answer in asked.items()}


@pytest.mark.parametrize("name", SMUGGLED)
def test_no_request_hides_in_another_before_nginx(heard: dict[str, list[int]], name: str) -> None:
    """The same through nginx: one request goes in, and no answer comes to what hides in it (ASVS 4.2.1)."""
    assert heard[name] == [405, 404] if name in TWO_TO_NGINX else 404 not in heard[name]


def test_two_plain_requests_pass_nginx(through_nginx: int) -> None:
    """Two requests on one connection have two answers there too: one too many would be seen."""
    assert answers(through_nginx, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" + HIDDEN, stays=True) == [200, 404]
