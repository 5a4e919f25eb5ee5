"""How answers are written: JSON by orjson, times in UTC, and pages for whoever comes by a link."""

from __future__ import annotations

from base64 import b64encode
from decimal import Decimal
from typing import Any

import orjson
from flask import Response, jsonify, make_response, render_template
from flask.json.provider import JSONProvider

OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS


def _plain(value: Any) -> Any:
    """What DynamoDB gives and JSON does not have."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, bytes):
        return b64encode(value).decode()
    raise TypeError


class OrjsonProvider(JSONProvider):
    """Flask's JSON, by orjson."""

    def dumps(self, obj: Any, **_: Any) -> str:
        """The text of a value."""
        return orjson.dumps(obj, default=_plain, option=OPTIONS).decode()

    def loads(self, s: str | bytes, **_: Any) -> Any:
        """The value of a text."""
        return orjson.loads(s)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """The answer that holds a value."""
        body = orjson.dumps(self._prepare_response_obj(args, kwargs), default=_plain, option=OPTIONS)
        return Response(body, mimetype="application/json")


def page(template: str, status: int, **values: str | None) -> Response:
    """A page, with what it shows."""
    return make_response(render_template(template, **values), status)


def done(status: str, code: int = 200) -> tuple[Response, int]:
    """That it was done, or is on its way."""
    return jsonify(status=status), code
