"""How requests are read: a body is a JSON object or it is refused, with the reason."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Request, current_app, request
from pydantic import SecretStr
from werkzeug.exceptions import RequestEntityTooLarge, RequestTimeout

from panzoto.deps import Deps
from panzoto.errors import MalformedJson, NotJson
from panzoto.flows.client import Client
from panzoto.messages.languages import language

# How long a client may pause within a body; it holds a thread meanwhile.
SECONDS_FOR_A_BODY = 10.0


class JsonRequest(Request):
    """A request whose body, where a route asks for one, must be a JSON object."""

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:  # noqa: ARG002
        """The object in the body. It raises in every case that is not one: `silent` would hide the reason."""
        if self.method == "DELETE" and self._is_bare():
            return {}
        if not (force or self.is_json):
            raise NotJson
        try:
            body = orjson.loads(self._whole(cache=cache))
        except orjson.JSONDecodeError as fault:
            place = f"line {fault.lineno}, column {fault.colno}"
            raise MalformedJson(f"The body is not valid JSON (at {place}); it must be a JSON object.") from None
        if not isinstance(body, dict):
            kind = {list: "a list", str: "text", bool: "true or false", type(None): "null"}.get(type(body), "a number")
            raise MalformedJson(f"The body must be a JSON object, not {kind}.")
        return body

    def _is_bare(self) -> bool:
        """Whether no body was sent. Proxies take it from a DELETE, and some clients give it none."""
        return not (self.content_type or self.content_length or "Transfer-Encoding" in self.headers)

    def _whole(self, *, cache: bool) -> bytes:
        """The body, all of it: neither cut off at the limit nor waited for without end."""
        if (connection := self.environ.get("gunicorn.socket")) is not None:
            connection.settimeout(SECONDS_FOR_A_BODY)
        try:
            data = self.get_data(cache=cache)
            is_full = self.content_length is None and len(data) == self.max_content_length
            if is_full and self.environ["wsgi.input"].read(1):
                raise RequestEntityTooLarge
        except TimeoutError:
            raise RequestTimeout from None
        return data


LONGEST_AGENT = 256


def client() -> Client:
    """Who calls, as far as it is known."""
    agent = "".join(each for each in request.user_agent.string[:LONGEST_AGENT] if each.isprintable())
    return Client(request.remote_addr or "", agent, language(request.headers.get("Accept-Language")))


def deps() -> Deps:
    """What the flows stand on."""
    found: Deps = current_app.extensions["panzoto"]
    return found


def secret(given: SecretStr) -> str:
    """The text of a secret that a request holds."""
    return given.get_secret_value()


def maybe_secret(given: SecretStr | None) -> str | None:
    """The text of a secret that a request may hold."""
    return None if given is None else given.get_secret_value()
