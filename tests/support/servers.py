"""Servers that behave badly, on real sockets."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Behave = Callable[[socket.socket], None]


@contextmanager
def behaving(behave: Behave) -> Iterator[str]:
    """The address of a server that does this with each connection, until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_serve, args=(server, behave), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def _serve(server: socket.socket, behave: Behave) -> None:
    held = []
    with suppress(OSError):  # the end of the block
        while True:
            connection, _ = server.accept()
            held.append(connection)
            with suppress(OSError):
                behave(connection)
    for connection in held:
        connection.close()


def silent(_: socket.socket) -> None:
    """Accepts, and never says a word."""


def hanging_up(connection: socket.socket) -> None:
    """Reads the request and closes."""
    connection.recv(65536)
    connection.close()


def babbling(connection: socket.socket) -> None:
    """Says what is no HTTP."""
    connection.recv(65536)
    connection.sendall(b"220 mail.example.com ESMTP\r\n")
    connection.close()


def breaking_off(connection: socket.socket) -> None:
    """Begins an answer and closes in the middle of it."""
    connection.recv(65536)
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"Item": {"file_id": {"S": "f"}')
    connection.close()


def stopping(connection: socket.socket) -> None:
    """Begins an answer and says no more, without closing."""
    connection.recv(65536)
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"Item": ')


def closed(address: str, within: float = 10.0) -> bool:
    """Whether nobody listens there any more, or soon does not."""
    host, _, port = address.removeprefix("http://").partition(":")
    ends = time.monotonic() + within
    while True:
        with socket.socket() as probe:
            if probe.connect_ex((host, int(port))) != 0:
                return True
        if time.monotonic() >= ends:
            return False
        time.sleep(0.02)  # between two looks; the deadline above is what decides
