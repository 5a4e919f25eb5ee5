"""How answers are written: JSON by orjson, times in UTC."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import orjson
from flask import Response
from flask.json.provider import JSONProvider

OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS


def _number(value: Any) -> Any:
    """Numbers as DynamoDB gives them, which may be longer than JSON's of most clients."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError


class OrjsonProvider(JSONProvider):
    """Flask's JSON, by orjson."""

    def dumps(self, obj: Any, **_: Any) -> str:
        """The text of a value."""
        return orjson.dumps(obj, default=_number, option=OPTIONS).decode()

    def loads(self, s: str | bytes, **_: Any) -> Any:
        """The value of a text."""
        return orjson.loads(s)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """The answer that holds a value."""
        body = orjson.dumps(self._prepare_response_obj(args, kwargs), default=_number, option=OPTIONS)
        return Response(body, mimetype="application/json")
