"""A DynamoDB on the loopback that knows its answers beforehand, after a latency that is set.

What is measured is the client.

It is a process of its own and keeps nothing. Of its rules the first counts whose words all stand in the request.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

Rule = tuple[tuple[bytes, ...], bytes]
LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nx-amzn-RequestId: "
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ABCDEF\r\nContent-Length: %d\r\n\r\n"
)


class _Connection(asyncio.Protocol):
    """One connection, whose requests come one after the other."""

    def __init__(self, rules: Sequence[Rule], latency: float) -> None:
        self._rules, self._latency, self._buffer = rules, latency, b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n") + 4
        if end < 4:  # noqa: PLR2004 (the head has no end yet)
            return
        found = LENGTH.search(self._buffer, 0, end)
        if len(self._buffer) < end + (int(found[1]) if found else 0):
            return
        body = next(body for words, body in self._rules if all(word in self._buffer for word in words))
        self._buffer = b""
        answer = HEAD % len(body) + body
        if self._latency:
            asyncio.get_running_loop().call_later(self._latency, self._transport.write, answer)
        else:
            self._transport.write(answer)


def _serve(rules: Sequence[Rule], latency: float, tell: Any) -> None:
    async def forever() -> None:
        server = await asyncio.get_running_loop().create_server(lambda: _Connection(rules, latency), "127.0.0.1", 0)
        tell.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(forever())


@contextmanager
def answering(rules: Sequence[Rule], latency: float = 0.0) -> Iterator[str]:
    """The address of one that answers by these rules until the block ends."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(list(rules), latency, theirs), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.kill()
        process.join()
