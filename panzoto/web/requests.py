"""How requests are read: a body is a JSON object or it is refused, with the reason."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Request, current_app

from panzoto.deps import Deps
from panzoto.errors import MalformedJson, NotJson


class JsonRequest(Request):
    """A request whose body, where a route asks for one, must be a JSON object."""

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:  # noqa: ARG002
        """The object in the body. It raises in every case that is not one: `silent` would hide the reason."""
        if not (force or self.is_json):
            raise NotJson
        try:
            body = orjson.loads(self.get_data(cache=cache))
        except orjson.JSONDecodeError as fault:
            place = f"line {fault.lineno}, column {fault.colno}"
            raise MalformedJson(f"The body is not valid JSON (at {place}); it must be a JSON object.") from None
        if not isinstance(body, dict):
            kind = {list: "a list", str: "text", bool: "true or false", type(None): "null"}.get(type(body), "a number")
            raise MalformedJson(f"The body must be a JSON object, not {kind}.")
        return body


def deps() -> Deps:
    """What the flows stand on."""
    found: Deps = current_app.extensions["panzoto"]
    return found
