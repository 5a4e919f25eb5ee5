"""The lookup of breached passwords tells five digits, believes exact counts alone, and fails open within its bounds."""

from __future__ import annotations

import datetime as dt
import hashlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path

import pytest
import structlog
import urllib3
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from panzoto.crypto.breaches import Breaches, HttpRanges, RangeUnavailable

DIGEST = hashlib.sha1(b"password1").hexdigest().upper()
PREFIX, SUFFIX = DIGEST[:5], DIGEST[5:]
PADDING = "0" * 35


def lines(*each: str) -> Callable[[str], str]:
    """A service that answers with these lines."""
    return lambda _: "\r\n".join(each)


def test_only_five_digits_go_out() -> None:
    """What is asked for are the first five hex digits of the SHA-1, and nothing else of the password."""
    asked: list[str] = []
    Breaches(lambda prefix: asked.append(prefix) or "").hold("password1")  # type: ignore[func-returns-value]
    assert asked == [PREFIX] == ["E38AD"]


@pytest.mark.parametrize("said", [f"{SUFFIX}:7", f"{SUFFIX.lower()}:1", f"{PADDING}:0\r\n{SUFFIX}:2413945"])
def test_a_counted_password_is_held(said: str) -> None:
    """A password that the range counts at least once is known."""
    assert Breaches(lines(said)).hold("password1")


@pytest.mark.parametrize("said", ["", f"{PADDING}:5", f"{SUFFIX}:0", f"{SUFFIX[:-1]}:5", f"{DIGEST}:5", "\r\n\r\n"])
def test_padding_and_others_are_not(said: str) -> None:
    """Padding (counted 0), other passwords and half a suffix say nothing of this one."""
    assert not Breaches(lines(said)).hold("password1")


@pytest.mark.parametrize("said", [f"{SUFFIX}:", f"{SUFFIX}:many", SUFFIX])
def test_a_range_that_cannot_be_read_fails_open(said: str) -> None:
    """A count that is none is reported, and the password passes."""
    faults: list[Exception] = []
    assert not Breaches(lines(said), faults.append).hold("password1")
    assert [type(fault) for fault in faults] == [ValueError]


@pytest.mark.parametrize("fault", [TimeoutError(), OSError("down"), KeyError(PREFIX), RangeUnavailable("503")])
def test_any_fault_fails_open_and_is_reported(fault: Exception) -> None:
    """Whatever happens to the lookup, it is reported and the password passes."""

    def fetch(_: str) -> str:
        raise fault

    faults: list[Exception] = []
    assert not Breaches(fetch, faults.append).hold("password1")
    assert faults == [fault]


def test_the_log_tells_nothing_of_the_password() -> None:
    """The log line says what failed, without the digits that stand in the address."""

    def fetch(prefix: str) -> str:
        raise OSError(f"https://ranges.example/range/{prefix}")

    def answer(_: str) -> str:
        raise RangeUnavailable("the answer is 503")

    with structlog.testing.capture_logs() as logged:
        Breaches(fetch).hold("password1")
        Breaches(answer).hold("password1")
    assert [(line["event"], line["fault"]) for line in logged] == [
        ("breach_lookup_failed", "OSError"),
        ("breach_lookup_failed", "the answer is 503"),
    ]
    assert PREFIX not in str(logged)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 with its key, that only whoever is told of it trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ranges of a test")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(made.public_bytes(Encoding.PEM) + private)
    return path


class Service:
    """A service of ranges on loopback, over TLS, that answers each connection with the bytes it is given."""

    def __init__(self, certificate: Path) -> None:
        self.certificate = certificate
        self.asked: list[str] = []

    @contextmanager
    def answering(self, *answer: bytes, pause: float = 0) -> Iterator[str]:
        """The address of the service while it answers so, with a pause before each piece."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate)
        with socket.create_server(("127.0.0.1", 0)) as listening:
            thread = threading.Thread(target=self._serve, args=(listening, context, answer, pause))
            thread.start()
            yield f"https://127.0.0.1:{listening.getsockname()[1]}"
            thread.join(30)

    def _serve(self, listening: socket.socket, context: ssl.SSLContext, answer: tuple[bytes, ...], wait: float) -> None:
        connection, _ = listening.accept()
        try:
            with context.wrap_socket(connection, server_side=True) as stream:
                self.asked.append(stream.recv(65536).decode())
                for piece in answer:
                    time.sleep(wait)
                    stream.sendall(piece)
        except OSError as fault:
            self.asked.append(repr(fault))

    def pool(self) -> urllib3.PoolManager:
        """A pool that trusts this service."""
        return urllib3.PoolManager(retries=False, ca_certs=str(self.certificate))


@pytest.fixture
def service(certificate: Path) -> Service:
    """A service of ranges that is not serving yet."""
    return Service(certificate)


def http(body: bytes, status: str = "200 OK", headers: bytes = b"") -> bytes:
    """An answer of HTTP."""
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n".encode() + headers + b"\r\n" + body


def test_a_range_is_fetched_padded_over_tls(service: Service) -> None:
    """The fetcher asks for one range, with padding, under a verified certificate, and gives its lines."""
    body = f"{PADDING}:0\r\n{SUFFIX}:3".encode()
    with service.answering(http(body)) as address:
        ranges = HttpRanges(address + "/", 10, service.pool())
        assert Breaches(ranges).hold("password1")
    request = service.asked[0].lower()
    assert request.startswith(f"get /range/{PREFIX.lower()} http/1.1\r\n")
    assert "add-padding: true\r\n" in request
    assert "user-agent: panzoto\r\n" in request


def test_a_chunked_range_is_read(service: Service) -> None:
    """An answer in chunks, as content networks send it, is read to its end."""
    with service.answering(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"3\r\nABC\r\n", b"2\r\n:1\r\n0\r\n\r\n"
    ) as address:
        assert HttpRanges(address, 10, service.pool())("ABCDE") == "ABC:1"


def test_a_stranger_s_certificate_is_refused(service: Service) -> None:
    """Without trust in the certificate nothing is asked."""
    with service.answering(http(b"")) as address, pytest.raises(urllib3.exceptions.SSLError):
        HttpRanges(address, 10)("ABCDE")
    assert not [asked for asked in service.asked if "GET" in asked]


@pytest.mark.parametrize("status", ["503 Service Unavailable", "404 Not Found", "204 No Content", "301 Moved"])
def test_other_answers_are_faults(service: Service, status: str) -> None:
    """Anything but 200 is no range, and a redirect is not followed."""
    with (
        service.answering(http(b"", status, b"Location: https://evil.example/\r\n")) as address,
        pytest.raises(RangeUnavailable, match=status[:3]),
    ):
        HttpRanges(address, 10, service.pool())("ABCDE")


def test_an_endless_answer_is_cut(service: Service) -> None:
    """No more is read than a range can have."""
    with (
        service.answering(b"HTTP/1.1 200 OK\r\n\r\n", *[b"A" * 65536] * 20) as address,
        pytest.raises(RangeUnavailable, match="too long"),
    ):
        HttpRanges(address, 10, service.pool())("ABCDE")


def test_a_slow_answer_is_cut(service: Service) -> None:
    """An answer that comes drop by drop, each in time, ends when its time is over."""
    drops = [b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", *[b"A"] * 50]
    with (
        service.answering(*drops, pause=0.05) as address,
        pytest.raises((RangeUnavailable, urllib3.exceptions.TimeoutError)),
    ):
        HttpRanges(address, 1, service.pool())("ABCDE")


def test_a_silent_service_is_given_up(service: Service) -> None:
    """A service that says nothing keeps nobody waiting past the time."""
    with service.answering(http(b""), pause=1) as address, pytest.raises(urllib3.exceptions.TimeoutError):
        HttpRanges(address, 0.2, service.pool())("ABCDE")


def test_half_an_answer_is_a_fault(service: Service) -> None:
    """A connection that breaks inside the range is no range."""
    with (
        service.answering(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nABC:1") as address,
        pytest.raises(urllib3.exceptions.HTTPError),
    ):
        HttpRanges(address, 10, service.pool())("ABCDE")


def test_no_range_is_fetched_in_clear() -> None:
    """An address without TLS stops the start."""
    with pytest.raises(ValueError, match="https"):
        HttpRanges("http://ranges.example")
