"""The service as production runs it: gunicorn, several processes, the store over a socket."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import orjson

from panzoto import allocator
from tests.support.server import Server, environment, serving, started

MOST_LINES_OF_A_FAULT = 12


def events(server: Server) -> list[dict[str, object]]:
    """The log lines of a server that has ended; each is JSON, without exception."""
    return [orjson.loads(line) for line in server.output]


def test_health_and_readiness(standing: Server) -> None:
    """A server with its store is up and ready, and its answers say nothing of Python."""
    answer = standing.ask("GET", "/api/health")
    assert (answer.status, orjson.loads(answer.body)["database"]) == (200, "dynamodb")
    assert standing.ask("GET", "/readyz").status == 200
    assert "python" not in answer.headers.get("server", "").lower()


def test_every_line_is_json_and_the_end_is_clean(environ: dict[str, str]) -> None:
    """From the start to SIGTERM every line of output is JSON, gunicorn's own too, and the exit code is 0."""
    with serving(environ) as server:
        server.ask("GET", "/api/health")
    assert server.process.returncode == 0
    lines = events(server)
    assert any(line["event"] == "request" and line["route"] == "/api/health" for line in lines)
    assert any(line.get("logger") == "gunicorn.error" for line in lines)
    (absent,) = [line for line in lines if line["event"] == "glibc_tunables_absent"]
    assert absent["set"] == allocator.TUNABLES


def test_metrics_are_of_all_processes_together(server: Server) -> None:
    """Whichever process is asked, the metrics are those of all."""
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: server.ask("GET", "/api/health").status, range(64)))
    assert answers == [200] * 64
    text = server.ask("GET", "/metrics").body.decode()
    (line,) = [
        line for line in text.splitlines() if line.startswith("panzoto_requests_total") and "/api/health" in line
    ]
    assert float(line.split()[-1]) == 64


def test_a_killed_worker_is_replaced(server: Server) -> None:
    """`kill -9` of every worker leaves a server that answers."""
    first = server.workers()
    for worker in first:
        os.kill(worker, signal.SIGKILL)
    ends = time.monotonic() + 20
    while server.workers() & first or len(server.workers()) < len(first):
        assert time.monotonic() < ends
        time.sleep(0.02)  # between two looks; the deadline above is what decides
    assert server.ask("GET", "/readyz").status == 200


def chunks(count: int) -> Iterator[bytes]:
    """A body that does not say how long it is."""
    yield from (b"a" * 4096 for _ in range(count))


def test_a_body_that_nobody_reads_is_passed_over(standing: Server) -> None:
    """A chunked body on a route that reads none is drained, so that its sender gets the answer."""
    answer = standing.ask("POST", "/api/health", chunks(12), {"Content-Type": "application/json"})
    assert answer.status == 405


def test_a_body_without_end_holds_nobody_up(standing: Server) -> None:
    """What is more than gunicorn drains is cut off, at the latest when the answer is out; the server goes on."""
    try:
        answer = standing.ask("POST", "/api/health", chunks(2048), {"Content-Type": "application/json"})
    except ConnectionError:  # cut off in the midst of sending
        answer = standing.ask("GET", "/api/health")
        assert answer.status == 200
    else:
        assert answer.status == 405
    assert standing.ask("GET", "/healthz").status == 200


def padded(size: int) -> Iterator[bytes]:
    """A body in chunks that is JSON up to the limit, and rubbish beyond it."""
    yield b'{"email": "a@b.example", "password": "x"}'.ljust(65_536)
    yield b"x" * (size - 65_536)


def test_a_chunked_body_is_refused_over_the_limit(standing: Server) -> None:
    """A body that does not say its length is not cut off at the limit and taken for the whole."""
    answer = standing.ask("POST", "/api/login", padded(100_000), {"Content-Type": "application/json"})
    assert (answer.status, orjson.loads(answer.body)["code"]) == (413, "body_too_large")
    answer = standing.ask("POST", "/api/login", padded(65_536), {"Content-Type": "application/json"})
    assert answer.status in {400, 401}


def test_a_reload_keeps_the_form_of_the_log(environ: dict[str, str]) -> None:
    """After `kill -HUP` every line is still JSON, and the counters go on."""
    with serving(environ) as server:
        server.ask("GET", "/api/health")
        first = server.workers()
        server.process.send_signal(signal.SIGHUP)
        ends = time.monotonic() + 40
        while server.workers() & first or len(server.workers()) < len(first):
            assert time.monotonic() < ends
            time.sleep(0.02)  # between two looks; the deadline above is what decides
        text = server.ask("GET", "/metrics").body.decode()
    counted = [
        line for line in text.splitlines() if line.startswith("panzoto_requests_total") and "/api/health" in line
    ]
    assert [line.split()[-1] for line in counted] == ["1.0"]
    assert any("Hang up" in str(line["event"]) for line in events(server))


LENGTHS = b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"


BROKEN = [
    (b"GET /api/health HTTP/1.1\r\nHost: x\r\n" + LENGTHS, 400, "bad_request"),
    (b"GET /api/health HTTP/1.1\r\nX-Long: " + b"a" * 20_000 + b"\r\n\r\n", 431, "headers_too_large"),
    (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414, "address_too_long"),
    (b"GET / HTTP/1.1\r\nTransfer-Encoding: odd\r\n\r\n", 501, "http_error"),
    (b"NONSENSE\r\n\r\n", 400, "bad_request"),
]


def test_broken_requests_are_refused(environ: dict[str, str]) -> None:
    """What is no request gets an error in the shape of all others, a closed connection, and a line in the log."""
    refused = []
    with serving(environ) as server:
        for raw, status, code in BROKEN:
            with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
                connection.sendall(raw)
                answer = b"".join(iter(lambda: connection.recv(65536), b""))
            head, _, body = answer.partition(b"\r\n\r\n")
            said = orjson.loads(body)
            assert (int(head.split()[1]), said["code"], set(said)) == (status, code, {"error", "code", "request_id"})
            assert b"Content-Type: application/json" in head
            assert b"X-Request-ID: " + said["request_id"].encode() in head
            refused.append(said["request_id"])
    lines = [str(line["event"]) for line in events(server)]
    assert all(any(each in line for line in lines) for each in refused)


def test_without_its_store_it_is_alive_and_not_ready(account: str) -> None:
    """With nothing at the store's address it is alive, readiness is 503 in time, and no line is a traceback."""
    with serving(environment("http://127.0.0.1:9", account)) as server:
        assert server.ask("GET", "/healthz").status == 200
        began = time.monotonic()
        answer = server.ask("GET", "/readyz")
        assert time.monotonic() - began < 6
        assert (answer.status, orjson.loads(answer.body)["code"]) == (503, "unavailable")
        assert int(answer.headers["retry-after"]) > 0
    assert not [line for line in events(server) if "exception" in line]


def test_a_wrong_configuration_stops_the_start_with_sentences(account: str, tmp_path: Path) -> None:
    """Every fault at once, a sentence each, no traceback, exit code not 0, and no secret in it."""
    wrong = environment("http://127.0.0.1:9", account, FLASK_ENV="production", OTP_LENGTH="many", SECRET_KEY="short")
    server = started(wrong, tmp_path)
    assert server.wait() != 0
    said = "\n".join(server.output)
    for fault in ("OTP_LENGTH must be", "SECRET_KEY must be", "AWS_ENDPOINT_URL points at"):
        assert fault in said
    assert "Traceback" not in said
    assert "short" not in said
    assert len(server.output) <= MOST_LINES_OF_A_FAULT


def test_a_taken_port_is_said(standing: Server, environ: dict[str, str]) -> None:
    """A second server on the same port does not start beside the first."""
    other = started({**environ, "PORT": str(standing.port)})
    assert other.wait() != 0
    assert "in use" in "\n".join(other.output)
    assert standing.ask("GET", "/healthz").status == 200


def test_a_missing_ring_of_keys_stops_the_start(environ: dict[str, str], tmp_path: Path) -> None:
    """A machine that lacks the ring does not sign with the secret, which the others would not take."""
    server = started({**environ, "JWT_KEYS_FILE": str(tmp_path / "ring.json")})
    assert server.wait() != 0
    said = "\n".join(server.output)
    assert "There is no ring of keys" in said
    assert "Traceback" not in said
