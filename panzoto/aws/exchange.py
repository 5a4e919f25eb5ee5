"""Exchanges with DynamoDB: a request leaves in one send, and its answer is read as DynamoDB usually writes it.

The connections are of botocore's pool, with its settings of TLS and its times. What is left out is what urllib3 and
http.client do around an exchange, which is most of what a call takes. An answer of any other form is http.client's.
"""

from __future__ import annotations

import re
import ssl
from contextlib import suppress
from functools import cached_property
from http.client import HTTPException, HTTPResponse, IncompleteRead
from io import BufferedReader, RawIOBase
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from botocore import exceptions
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, SSLError
from urllib3.util.ssl_match_hostname import CertificateError

if TYPE_CHECKING:
    from socket import socket

    from botocore.awsrequest import AWSPreparedRequest

CHUNK = 65536
FIRST_FINAL = 200
HEAD = re.compile(rb"HTTP/1\.1 ([2-5]\d\d) [^\r\n]*((?:\r\n[\w-]+:[^\r\n]*)+)\r\n\r\n")
ENDS = re.compile(rb"\n\r?\n")
NO_CONTENT = frozenset({204, 304})
# What goes wrong, and what botocore makes of it: the first that fits.
FAULTS: tuple[tuple[tuple[type[Exception], ...], type[exceptions.BotoCoreError]], ...] = (
    ((ssl.SSLError, SSLError, CertificateError), exceptions.SSLError),
    ((NewConnectionError,), exceptions.EndpointConnectionError),
    ((ConnectTimeoutError,), exceptions.ConnectTimeoutError),
    ((TimeoutError,), exceptions.ReadTimeoutError),
    ((OSError, HTTPException), exceptions.ConnectionClosedError),
    ((Exception,), exceptions.HTTPClientError),
)


class Answer(NamedTuple):
    """What was answered; the names of its headers are in small letters."""

    status_code: int
    headers: dict[str, str]
    content: bytes


class Exchange:
    """Exchanges with one address, for the threads of one client."""

    def __init__(self, session: Any, url: str) -> None:
        self._session = session
        self._url, self._path = url, urlsplit(url).path

    def send(self, request: AWSPreparedRequest) -> Any:
        """What is answered to a POST. By way of a proxy it goes botocore's way."""
        if self._pool is None:
            return self._session.send(request)
        connection, is_kept = self._pool._get_conn(), False  # noqa: SLF001 (it closes one whose other end went away)
        try:
            if connection.is_closed:
                connection.connect()
                connection.sock.settimeout(self._pool.timeout.read_timeout)
            with suppress(BrokenPipeError, ConnectionResetError):  # who refuses early may have said why
                connection.sock.sendall(self._written(request))
            answer, is_kept = read(connection.sock)
        except Exception as fault:
            made = next(made for kinds, made in FAULTS if isinstance(fault, kinds))
            raise made(endpoint_url=self._url, error=fault) from fault
        finally:
            if not is_kept:
                connection.close()
            self._pool._put_conn(connection)  # noqa: SLF001 (see above)
        return answer

    @cached_property
    def _pool(self) -> Any:
        """The pool of connections, made at the first call: the process may have been forked before."""
        session = self._session
        if session._proxy_config.proxy_url_for(self._url):  # noqa: SLF001 (botocore tells nobody otherwise)
            return None
        pool = session._manager.connection_from_url(self._url)  # noqa: SLF001
        session._setup_ssl_cert(pool, self._url, session._verify)  # noqa: SLF001
        return pool

    def _written(self, request: AWSPreparedRequest) -> bytes:
        """A request as it is sent."""
        body: Any = request.body
        headers = {**request.headers, "Accept-Encoding": "identity", "Content-Length": len(body)}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        if not lines.count("\r") == lines.count("\n") == len(headers):
            raise ValueError("a header of a request has more than one line")
        written: bytes = f"POST {self._path} HTTP/1.1\r\n{lines}\r\n".encode("latin-1") + body
        return written


def read(connection: socket) -> tuple[Answer, bool]:
    """An answer, and whether the connection may be asked again."""
    begun = _begun(connection)
    found = HEAD.match(begun)
    if found is None:
        return _by_http_client(begun, connection)
    lines = found[2].decode("latin-1").split("\r\n")[1:]
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    status, length = int(found[1]), headers.get("content-length", "")
    is_usual = len(headers) == len(lines) and length.isdecimal() and "transfer-encoding" not in headers
    if not is_usual or status in NO_CONTENT or headers.get("connection", "keep-alive").lower() != "keep-alive":
        return _by_http_client(begun, connection)
    content, wanted = begun[found.end() :], int(length)
    if len(content) < wanted:
        content = _rest(content, wanted, connection)
    return Answer(status, headers, content[:wanted]), len(content) == wanted


def _begun(connection: socket) -> bytes:
    """A head, with what came along; less of one that ends early, is too long, or ends as only others end it."""
    begun = connection.recv(CHUNK)
    while not ENDS.search(begun) and len(begun) < CHUNK and (more := connection.recv(CHUNK)):
        begun += more
    return begun


def _rest(begun: bytes, wanted: int, connection: socket) -> bytes:
    """A body of so many bytes, of which some are there."""
    body = bytearray(begun)
    while len(body) < wanted:
        if not (more := connection.recv(CHUNK)):
            raise IncompleteRead(bytes(body), wanted - len(body))
        body += more
    return bytes(body)


def _by_http_client(begun: bytes, connection: socket) -> tuple[Answer, bool]:
    """The same for an answer of any form: in chunks, say, or until the connection ends. It is not asked again.

    What can be read in two ways is refused: what came after it would be taken for the answer to somebody else.
    """
    resumed: Any = _Resumed(begun, connection)
    with HTTPResponse(resumed, method="POST") as response:
        response.begin()
        lengths = set(response.headers.get_all("Content-Length", ()))
        codings = [each.lower() for each in response.headers.get_all("Transfer-Encoding", ())]
        if response.status < FIRST_FINAL or len(lengths) > 1 or codings not in ([], ["chunked"]):
            raise HTTPException("an answer that can be read in two ways")
        content = response.read()
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status, headers, content), False


class _Resumed(RawIOBase):
    """A connection of which some has been read, as http.client reads from one."""

    def __init__(self, begun: bytes, connection: socket) -> None:
        super().__init__()
        self._begun, self._connection = begun, connection

    def makefile(self, _: str) -> BufferedReader:
        """What it reads from."""
        return BufferedReader(self)

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """First what has been read, then what comes."""
        if not self._begun:
            return self._connection.recv_into(buffer)
        part, self._begun = self._begun[: len(buffer)], self._begun[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)
