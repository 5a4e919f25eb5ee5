"""A call leaves the process in one piece, and a connection that was closed meanwhile is replaced."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection

import pytest

from panzoto.aws.clients import Clients
from tests.support.configs import configured

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture
def store() -> Iterator[socket.socket]:
    """Where somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(20)
        yield listening


def test_head_and_body_go_together(store: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    """One send for each call; the next goes over the same connection, or over a new one where that was closed."""
    sent: list[bytes] = []
    send = HTTPConnection.send

    def note(connection: HTTPConnection, data: bytes) -> None:
        sent.append(data)
        send(connection, data)

    monkeypatch.setattr(HTTPConnection, "send", note)

    client = Clients(configured("1" * 12, f"http://127.0.0.1:{store.getsockname()[1]}")).dynamodb()

    def get() -> object:
        return client.get_item(TableName="t", Key={"id": {"S": "1"}})

    with ThreadPoolExecutor(1) as caller:
        asked = caller.submit(get)
        first, _ = store.accept()
        for _ in range(2):
            head, _, body = first.recv(65536).partition(b"\r\n\r\n")
            assert head.startswith(b"POST / HTTP/1.1\r\n")
            assert body == b'{"TableName":"t","Key":{"id":{"S":"1"}}}'
            first.sendall(ANSWER)
            asked.result(20)
            asked = caller.submit(get)
        first.recv(65536)
        first.sendall(ANSWER)
        asked.result(20)
        first.close()
        asked = caller.submit(get)
        second, _ = store.accept()
        assert second.recv(65536)
        second.sendall(ANSWER)
        asked.result(20)
        second.close()
    assert len(sent) == 4
    assert all(each.endswith(b"}}}") for each in sent)
