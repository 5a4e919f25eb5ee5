"""How requests to DynamoDB that hold items are written: by orjson, as `models.store.wire` has made them.

botocore walks through a request with its model in hand, which is half of what a transaction costs. Here only bytes are
left to be encoded. All other requests, and every header, are botocore's.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

import orjson
from botocore.serialize import JSONSerializer

from panzoto.aws.parsing import QUICK

WRITTEN = QUICK | {"BatchWriteItem"}


class QuickSerializer(JSONSerializer):
    """botocore's serializer of JSON, but for requests that hold items."""

    def serialize_to_request(self, parameters: Mapping[str, Any], operation_model: Any) -> dict[str, Any]:
        """The request of an operation."""
        if operation_model.name not in WRITTEN:
            return super().serialize_to_request(parameters, operation_model)
        request: dict[str, Any] = super().serialize_to_request({}, operation_model)
        request["body"] = orjson.dumps(parameters, default=_base64)
        return request


def _base64(value: bytes) -> str:
    """What JSON has no form for."""
    if not isinstance(value, bytes):
        raise TypeError(f"DynamoDB has no place for {type(value).__name__}")
    return b64encode(value).decode()
