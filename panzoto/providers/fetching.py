"""One request to a provider: https only, no redirect followed, within a bound of time and of size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import orjson
import urllib3

from panzoto.errors import ProviderMisbehaved, ProviderUnavailable
from providers import LOOPBACK

from .timed import pool

LARGEST, CHUNK = 256 * 1024, 16 * 1024
SERVER_FAULT, TOO_MANY = 500, 429
HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "panzoto"}


@dataclass(frozen=True)
class Answer:
    """What a provider answered; it may hold tokens."""

    status: int
    body: bytes = field(repr=False)

    def json(self) -> dict[str, Any]:
        """The object that it says; anything else is no answer."""
        try:
            said = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            raise ProviderMisbehaved("not JSON") from None
        if not isinstance(said, dict):
            raise ProviderMisbehaved("not a JSON object")
        return said


class Fetcher:
    """Asks providers. One for each process; its connections are opened after the fork."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._pool = pool()

    def get(self, address: str, *, on_loopback: bool = False) -> Answer:
        """What is at an address."""
        return self._ask("GET", address, None, {}, on_loopback=on_loopback)

    def post(self, address: str, body: str, headers: Mapping[str, str], *, on_loopback: bool = False) -> Answer:
        """What a form is answered."""
        return self._ask("POST", address, body.encode(), headers, on_loopback=on_loopback)

    def _ask(
        self, method: str, address: str, body: bytes | None, headers: Mapping[str, str], *, on_loopback: bool
    ) -> Answer:
        """One answer to its last byte, or a fault in terms of ours: the address and the body are in none of them."""
        require_safe(address, on_loopback=on_loopback)
        try:
            answer = self._pool.request(
                method,
                address,
                body=body,
                headers={**HEADERS, **headers},
                timeout=urllib3.Timeout(total=self._seconds),
                retries=False,
                redirect=False,
                preload_content=False,
            )
            try:
                text = _text(answer)
            except BaseException:
                answer.close()  # what was not read to its end can carry no other answer
                raise
            finally:
                answer.release_conn()
        except (urllib3.exceptions.HTTPError, OSError) as fault:
            raise ProviderUnavailable(type(fault).__name__) from None
        if answer.status >= SERVER_FAULT or answer.status == TOO_MANY:
            raise ProviderUnavailable(f"status {answer.status}")
        return Answer(answer.status, text)


def require_safe(address: str, *, on_loopback: bool) -> None:
    """Raise for an address that is not https; a provider on the machine itself may be spoken to there without it."""
    try:
        parts = urlsplit(address)
        host = parts.hostname if parts.port != 0 else None
    except ValueError:
        raise ProviderMisbehaved("an address that is none") from None
    if parts.scheme == "https" and host:
        return
    if not (on_loopback and parts.scheme == "http" and host in LOOPBACK):
        raise ProviderMisbehaved("an address that is not https")


def _text(answer: urllib3.BaseHTTPResponse) -> bytes:
    text = b""
    while chunk := answer.read1(CHUNK):
        text += chunk
        if len(text) > LARGEST:
            raise ProviderMisbehaved("an answer without end")
    return text
