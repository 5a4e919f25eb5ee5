"""What Authlib posts its requests with: our fetcher, in the shape of the sessions that it knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from authlib.oauth2.auth import ClientAuth

from panzoto.errors import ProviderUnavailable

from .fetching import Answer, Fetcher


@dataclass(frozen=True)
class Response:
    """An answer, as Authlib reads it."""

    answer: Answer

    @property
    def status_code(self) -> int:
        """Its status."""
        return self.answer.status

    def json(self) -> dict[str, Any]:
        """The object that it says."""
        return self.answer.json()

    def raise_for_status(self) -> None:
        """Raise for a status at which there is nothing to read."""
        raise ProviderUnavailable(f"status {self.answer.status}")


class Session:
    """Posts forms within our bounds."""

    def __init__(self, fetcher: Fetcher, *, on_loopback: bool) -> None:
        self._fetcher, self._on_loopback = fetcher, on_loopback

    def post(self, url: str, data: Mapping[str, str], headers: Mapping[str, str], auth: ClientAuth) -> Response:
        """What a form is answered, once our client has proved itself in it."""
        address, given, body = auth.prepare("POST", url, dict(headers), urlencode(data))
        return Response(self._fetcher.post(address, body, given, on_loopback=self._on_loopback))
