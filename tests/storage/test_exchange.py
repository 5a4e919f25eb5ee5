"""Exchanges of ours end as botocore's do: the same answer, the same fault, the same connection kept or given up."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from ssl import SSLContext
from threading import Thread
from typing import Any

import pytest
from botocore import exceptions
from botocore.awsrequest import AWSPreparedRequest
from botocore.httpsession import URLLib3Session

from panzoto.aws.exchange import Exchange, read
from tests.messages.certificates import Authority

BODY = b'{"Item":{"id":{"S":"1"}}}'
FINE = b"HTTP/1.1 200 OK\r\nx-amzn-RequestId: R\r\nContent-Length: 25\r\n"
PLAIN = FINE + b"\r\n" + BODY
# After a usual answer a connection is asked again, after an unusual one botocore alone asks it; others end with it.
USUAL, UNUSUAL, CLOSED = "usual", "unusual", "closed"
ANSWERS: dict[str, tuple[bytes, str]] = {
    "as usual": (PLAIN, USUAL),
    "said to be kept": (FINE + b"Connection: Keep-Alive\r\n\r\n" + BODY, USUAL),
    "a refusal": (b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\n{}", USUAL),
    "no word for the status": (b"HTTP/1.1 503\r\nContent-Length: 0\r\n\r\n", UNUSUAL),
    "no body": (b"HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n", UNUSUAL),
    "first go on": (b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN, UNUSUAL),
    "in chunks": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{}\n\r\n1\r\n \r\n0\r\nt: 1\r\n\r\n",
        UNUSUAL,
    ),
    "in chunks, with a length": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        UNUSUAL,
    ),
    "a header of two lines": (FINE + b"X-Long: a\r\n b\r\n\r\n" + BODY, UNUSUAL),
    "bare line feeds": (PLAIN.replace(b"\r\n", b"\n"), UNUSUAL),
    "said to be closed": (FINE + b"Connection: close\r\n\r\n" + BODY, CLOSED),
    "an older HTTP": (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}", CLOSED),
    "until it is closed": (b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\n{}", CLOSED),
    "half a head": (FINE[:30], CLOSED),
    "without a header": (b"HTTP/1.1 200 OK\r\n\r\n{}", CLOSED),
}
# What can be read in two ways: where one answer ends and the next begins would be anybody's guess.
DOUBTFUL: dict[str, bytes] = {
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 4\r\n\r\n{}{}",
    "a coding below chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "a coding that is none": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 2\r\n\r\n{}",
    "two codings": FINE + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "hints before it": b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + PLAIN,
}
FAULTS: dict[str, bytes] = {
    "nothing": b"",
    "a head": FINE + b"\r\n",
    "half a body": PLAIN[:-1],
    "half a chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{}",
    "no HTTP": b"220 mail.example ESMTP\r\n\r\n",
    "no status": b"HTTP/1.1 fine\r\n\r\n",
    "another HTTP": b"HTTP/2 200 OK\r\nContent-Length: 2\r\n\r\n{}",
}


class Store:
    """Gives each request the same answer; `heard` has the requests of each connection."""

    def __init__(self, answer: bytes, *, closes: bool, context: SSLContext | None = None) -> None:
        self.heard: list[list[bytes]] = []
        self._meeting: list[Thread] = []
        self._answer, self._closes, self._context = answer, closes, context

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Its address, until the block ends."""
        with socket.create_server(("127.0.0.1", 0)) as listening:
            thread = Thread(target=self._serve, args=(listening,))
            thread.start()
            try:
                yield f"{'https' if self._context else 'http'}://localhost:{listening.getsockname()[1]}/"
            finally:
                listening.shutdown(socket.SHUT_RDWR)
                thread.join(20)

    def _serve(self, listening: socket.socket) -> None:
        while True:
            try:
                accepted, _ = listening.accept()
            except OSError:
                return
            self._meeting.append(Thread(target=self._meet, args=(accepted,), daemon=True))
            self._meeting[-1].start()

    def closed(self) -> None:
        """Wait until every connection is closed that it closes itself."""
        for each in self._meeting:
            each.join(20)

    def _meet(self, accepted: socket.socket) -> None:
        asked: list[bytes] = []
        self.heard.append(asked)
        accepted.settimeout(20)
        try:
            with self._context.wrap_socket(accepted, server_side=True) if self._context else accepted as connection:
                while asking := connection.recv(65536):
                    while not asking.endswith(b"{}"):  # urllib3 sends a head and a body
                        asking += connection.recv(65536)
                    asked.append(asking)
                    connection.sendall(self._answer)
                    if self._closes:
                        return
        except OSError:
            asked.append(b"")


def request(url: str, **headers: str) -> AWSPreparedRequest:
    """A request as a client signs it."""
    given: Any = {"Host": "store", **headers}
    return AWSPreparedRequest("POST", url, given, b"{}", stream_output=False)


def session(reading: float = 20, **settings: Any) -> URLLib3Session:
    """A session as botocore makes it for a client."""
    timeout: Any = (20, reading)
    return URLLib3Session(timeout=timeout, **settings)


def ours(url: str, **settings: Any) -> Callable[[AWSPreparedRequest], Any]:
    """Our way."""
    return Exchange(session(**settings), url).send


def theirs(_: str, **settings: Any) -> Callable[[AWSPreparedRequest], Any]:
    """The way of botocore."""
    return session(**settings).send


def told(answer: Any) -> tuple[int, dict[str, str], bytes]:
    """What an answer says."""
    return (
        answer.status_code,
        {name.lower(): " ".join(each.split()) for name, each in answer.headers.items()},
        answer.content,
    )


@pytest.mark.parametrize("form", ANSWERS)
def test_an_answer_of_any_form_is_read_as_botocore_reads_it(form: str) -> None:
    """The usual one and all others."""
    answer, kind = ANSWERS[form]
    found = []
    for way, keeps in ((ours, {USUAL}), (theirs, {USUAL, UNUSUAL})):
        store = Store(answer, closes=kind == CLOSED)
        with store.serving() as url:
            send = way(url)
            found.append([told(send(request(url))) for _ in range(2)])
        assert len(store.heard) == (1 if kind in keeps else 2)
    assert found[0] == found[1]


class Pieces:
    """A connection that gives what it is given, piece by piece."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = [each for each in pieces if each]

    def recv(self, _: int) -> bytes:
        return self._pieces.pop(0) if self._pieces else b""

    def recv_into(self, room: Any) -> int:
        piece = self.recv(0)
        room[: len(piece)] = piece
        return len(piece)


@pytest.mark.parametrize("form", ANSWERS)
def test_an_answer_may_come_in_pieces(form: str) -> None:
    """Wherever it is cut, it says the same."""
    answer, kind = ANSWERS[form]

    def cut(at: int) -> Any:
        given: Any = Pieces(answer[:at], answer[at : at + 3], answer[at + 3 :])
        found, goes_on = read(given)
        assert goes_on == (kind == USUAL)
        return found

    whole = cut(len(answer))
    assert all(cut(at) == whole for at in range(1, len(answer)))


@pytest.mark.parametrize("form", DOUBTFUL)
def test_an_answer_that_can_be_read_in_two_ways_is_refused(form: str) -> None:
    """It is nobody's answer, and the next request has a connection of its own."""
    store = Store(DOUBTFUL[form], closes=False)
    with store.serving() as url:
        send = ours(url)
        for _ in range(2):
            with pytest.raises(exceptions.ConnectionClosedError):
                send(request(url))
    assert [len(each) for each in store.heard] == [1, 1]


def test_a_refusal_that_comes_before_all_is_sent_is_heard() -> None:
    """Who refuses a large request early, and closes, has said why."""
    refusal = b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"

    def refuse(listening: socket.socket) -> None:
        accepted, _ = listening.accept()
        with accepted:
            accepted.recv(100)
            accepted.sendall(refusal)  # and nobody reads the rest: whoever is sending is cut off

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = Thread(target=refuse, args=(listening,))
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        large = AWSPreparedRequest("POST", url, request(url).headers, b"x" * 2**24, stream_output=False)
        assert ours(url)(large).status_code == 413
        thread.join(20)


def test_a_connection_that_says_more_than_it_promised_is_given_up() -> None:
    """What is left over would be taken for the next answer."""
    given: Any = Pieces(PLAIN + b"HTTP/1.1 200 OK\r\n")
    found, goes_on = read(given)
    assert found.content == BODY
    assert not goes_on


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_answer_is_botocores_fault(fault: str) -> None:
    """Closed too early or no HTTP at all: the same exception, and the next request has a connection of its own."""
    raised = []
    for way in (ours, theirs):
        store = Store(FAULTS[fault], closes=True)
        with store.serving() as url:
            send = way(url)
            for _ in range(2):
                with pytest.raises(exceptions.HTTPClientError) as caught:
                    send(request(url))
                raised.append(type(caught.value))
        assert len(store.heard) == 2
    assert raised == [exceptions.ConnectionClosedError] * 4


@pytest.mark.parametrize("begun", [b"", FINE, PLAIN[:-1]], ids=["nothing", "half a head", "half a body"])
def test_whoever_is_silent_is_not_waited_for(begun: bytes) -> None:
    """The time is for each wait, before an answer as within it; the connection is not asked again."""
    store = Store(begun, closes=False)
    with store.serving() as url:
        send = ours(url, reading=0.1)
        for _ in range(2):
            with pytest.raises(exceptions.ReadTimeoutError):
                send(request(url))
    assert len(store.heard) == 2


def test_nobody_there_is_botocores_fault() -> None:
    """A port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
    for way in (ours, theirs):
        with pytest.raises(exceptions.EndpointConnectionError):
            way(url)(request(url))


def test_a_request_goes_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    """One send for each, head and body together."""
    sent: list[bytes] = []
    sendall = socket.socket.sendall

    def note(connection: socket.socket, data: bytes) -> None:
        sent.append(data)
        sendall(connection, data)

    store = Store(PLAIN, closes=False)
    with store.serving() as url, monkeypatch.context() as patch:
        patch.setattr(socket.socket, "sendall", note)
        send = ours(url)
        for _ in range(2):
            send(request(url, Other="one"))
    head = b"POST / HTTP/1.1\r\nHost: store\r\nOther: one\r\nAccept-Encoding: identity\r\nContent-Length: 2\r\n\r\n"
    assert store.heard == [[head + b"{}"] * 2]
    assert [each for each in sent if each != PLAIN] == [head + b"{}"] * 2


def test_a_connection_that_was_closed_meanwhile_is_not_used() -> None:
    """It was to be kept, and its other end went away: that is seen before anything is sent."""
    store = Store(PLAIN, closes=True)
    with store.serving() as url:
        send = ours(url)
        for _ in range(3):
            assert send(request(url)).content == BODY
            store.closed()
    assert [len(each) for each in store.heard] == [1, 1, 1]


@pytest.mark.parametrize("value", ["a\r\nX: b", "a\nX: b", "a\rX: b", "€"])
def test_a_header_is_one_line(value: str) -> None:
    """What is no header, from a file of credentials say, does not become two: nothing is sent."""
    store = Store(PLAIN, closes=False)
    with store.serving() as url:
        for way in (ours, theirs):
            with pytest.raises(exceptions.HTTPClientError):
                way(url)(request(url, Token=value))
    assert not any(store.heard)


def test_certificates_are_looked_at(tmp_path: Path) -> None:
    """A host whose authority is trusted is asked; one whose authority or name is another is not."""
    authority = Authority.made(tmp_path)
    trusted = str(authority.file)
    store = Store(PLAIN, closes=False, context=authority.context("localhost"))
    with store.serving() as url:
        send = ours(url, verify=trusted)
        assert [send(request(url)).content for _ in range(2)] == [BODY] * 2
        assert [len(each) for each in store.heard] == [2]
        with pytest.raises(exceptions.SSLError):
            ours(url)(request(url))
    elsewhere = Store(PLAIN, closes=False, context=authority.context("other.example"))
    with elsewhere.serving() as url, pytest.raises(exceptions.SSLError):
        ours(url, verify=trusted)(request(url))
    assert not any(map(any, elsewhere.heard))


def test_a_proxy_is_asked_as_botocore_asks_it() -> None:
    """Where one is configured, the request goes to it, with the whole address."""
    proxy, url = Store(PLAIN, closes=False), "http://dynamodb.example/"
    with proxy.serving() as address:
        assert ours(url, proxies={"http": address})(request(url)).content == BODY
    assert proxy.heard[0][0].startswith(b"POST http://dynamodb.example/ HTTP/1.1\r\n")
