"""Connections whose answers end in time: each wait is for what is left of it, in headers as in bodies."""

from __future__ import annotations

import time
from http.client import HTTPResponse
from io import BufferedReader, RawIOBase
from socket import socket
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection


class _Timed(RawIOBase):
    """What comes from a socket until its time is over, however little comes at once."""

    def __init__(self, raw: RawIOBase, source: socket) -> None:
        self._raw, self._source = raw, source
        seconds = source.gettimeout()
        self._ends = None if seconds is None else time.monotonic() + seconds

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, room: Any, /) -> int | None:
        """Some bytes; `TimeoutError` when there is no time left to wait for them."""
        if self._ends is not None:
            left = self._ends - time.monotonic()
            if left <= 0:
                raise TimeoutError("an answer that takes too long")
            self._source.settimeout(left)
        return self._raw.readinto(room)

    def close(self) -> None:
        """Let go of the socket."""
        self._raw.close()
        super().close()


class _Answer(HTTPResponse):
    def __init__(self, sock: socket, *settings: Any, **named: Any) -> None:
        super().__init__(sock, *settings, **named)
        self.fp = BufferedReader(_Timed(self.fp.detach(), sock))


class _Plain(HTTPConnection):
    response_class = _Answer


class _Secure(HTTPSConnection):
    response_class = _Answer


class _PlainPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _Secure


def pool() -> urllib3.PoolManager:
    """Connections of that kind. The time of a request, given as its `timeout`, is for all of it."""
    made = urllib3.PoolManager(retries=False, maxsize=4)
    made.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}
    return made
