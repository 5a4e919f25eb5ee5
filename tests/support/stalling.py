"""A way to a server that lets everything through until it meets a word, and from then on nothing on that connection."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

PIECE = 65536


@dataclass
class Way:
    """Its address, and whether the word has come by."""

    address: str
    stalled: threading.Event = field(default_factory=threading.Event)


@contextmanager
def stalling_at(word: bytes, target: str) -> Iterator[Way]:
    """A way to that address, until the block ends."""
    host, _, port = target.removeprefix("http://").partition(":")
    with socket.create_server(("127.0.0.1", 0)) as server:
        way = Way(f"http://127.0.0.1:{server.getsockname()[1]}")
        thread = threading.Thread(target=_serve, args=(server, (host, int(port)), word, way), daemon=True)
        thread.start()
        yield way
        server.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def _serve(server: socket.socket, target: tuple[str, int], word: bytes, way: Way) -> None:
    held = []
    with suppress(OSError):  # the end of the block
        while True:
            here, _ = server.accept()
            there = socket.create_connection(target)
            held += [here, there]
            threading.Thread(target=_pass_on, args=(here, there, word, way), daemon=True).start()
            threading.Thread(target=_pass_on, args=(there, here, None, way), daemon=True).start()
    for connection in held:
        connection.close()


def _pass_on(source: socket.socket, sink: socket.socket, word: bytes | None, way: Way) -> None:
    """Everything from one end to the other; when one end is gone so is the other."""
    with suppress(OSError):
        while piece := source.recv(PIECE):
            if word is not None and word in piece:
                way.stalled.set()
                return
            sink.sendall(piece)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)
