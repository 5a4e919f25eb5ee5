"""Sign-ins that a server has no room for: they hear so later, and hold up nobody meanwhile."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection, HTTPResponse

import orjson

from panzoto.web.parking import SECONDS
from tests.support.server import Server, serving

TRIES = 8
REFUSED = 'panzoto_requests_total{method="POST",route="/api/v1/auth/login",status="503"}'
JSON = {"Content-Type": "application/json"}


@contextmanager
def trying(server: Server) -> Iterator[dict[HTTPConnection, float]]:
    """Connections that ask for a sign-in, all of them before the first is answered; and since when."""
    with ExitStack() as open_ones:
        asked = {}
        for number in range(TRIES):
            connection = HTTPConnection("127.0.0.1", server.port, timeout=20)
            open_ones.enter_context(closing(connection))
            body = orjson.dumps({"email": f"nobody-{number}@example.com", "password": "none of theirs"})
            asked[connection] = time.monotonic()
            connection.request("POST", "/api/v1/auth/login", body, JSON)
        yield asked


def heard(connection: HTTPConnection) -> tuple[HTTPResponse, bytes]:
    """The answer of a connection, and its body."""
    response = connection.getresponse()
    return response, response.read()


def narrow(environ: dict[str, str]) -> dict[str, str]:
    """A server that hashes one password at a time, while nobody waits."""
    return {**environ, "WEB_CONCURRENCY": "1", "THREADS": "2"}


def test_who_is_refused_hears_it_later(environ: dict[str, str]) -> None:
    """No refusal comes at once; it is whole, says when to come again, and its connection serves on."""
    with serving(narrow(environ)) as server, trying(server) as connections:
        refused = 0
        for connection, since in connections.items():
            response, body = heard(connection)
            if response.status == 503:
                refused += 1
                assert time.monotonic() - since >= SECONDS[0]
                assert orjson.loads(body)["code"] == "overloaded"
                assert int(response.headers["Retry-After"]) >= 1
                connection.request("GET", "/api/health")
                assert heard(connection)[0].status == 200
        assert refused > 1


def test_a_server_that_stops_refuses_at_once(environ: dict[str, str]) -> None:
    """Whoever waits for a refusal hears it before the server has stopped, as the last answer of the connection."""
    with serving(narrow(environ)) as server, trying(server) as connections:
        ends = time.monotonic() + 20
        while REFUSED not in server.ask("GET", "/metrics").body.decode():
            assert time.monotonic() < ends
        server.process.send_signal(signal.SIGTERM)
        answers = [heard(connection)[0] for connection in connections]
        refused = [answer.headers["Connection"] for answer in answers if answer.status == 503]
        assert "close" in refused  # some may have been due before
        assert server.wait() == 0
