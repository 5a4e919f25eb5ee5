"""How answers of DynamoDB are read: those to reads and writes of items by orjson, all others by botocore.

botocore walks through an answer with its model in hand, which is two thirds of what a query costs. Here an item stays
as it is on the wire: bytes are base64 text, which `models.store.wire` decodes. Refusals are botocore's, so that its
typed exceptions and the reasons of a cancelled transaction are as ever. So is a batch of writes: what is left of it
goes back to botocore, which would encode its bytes once more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from botocore.parsers import JSONParser, ResponseParserError, ResponseParserFactory

QUICK = frozenset(
    {"GetItem", "BatchGetItem", "Query", "Scan", "PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"}
)
SHAPES = frozenset(f"{operation}Output" for operation in QUICK)
FIRST_FAULT = 300


class QuickParser(JSONParser):
    """botocore's parser of JSON, but for answers that hold items."""

    def parse(self, response: Mapping[str, Any], shape: Any) -> dict[str, Any]:
        """What an answer says, with the metadata that botocore adds."""
        if shape is None or shape.name not in SHAPES:
            return super().parse(response, shape)  # type: ignore[no-any-return]
        answer = read(response)
        if response["status_code"] >= FIRST_FAULT:
            return super().parse(response, shape)  # type: ignore[no-any-return]
        headers = response["headers"]
        said = {name: value for name, value in answer.items() if value is not None}
        said["ResponseMetadata"] = {
            "RequestId": headers.get("x-amzn-requestid", ""),
            "HTTPStatusCode": response["status_code"],
            "HTTPHeaders": headers,
        }
        return said


class QuickParsers(ResponseParserFactory):
    """botocore's parsers, with ours in the place of that for JSON."""

    def create_parser(self, protocol_name: str) -> Any:
        """A parser of that protocol."""
        return QuickParser() if protocol_name == "json" else super().create_parser(protocol_name)


def read(response: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON object in a body; DynamoDB sends nothing else, and botocore would read it as an empty answer.

    A proxy's page with status 200 would be an item that does not exist.
    """
    try:
        answer = orjson.loads(response["body"])
    except orjson.JSONDecodeError:
        answer = None
    if not isinstance(answer, dict):
        raise ResponseParserError(f"not an answer of DynamoDB, with status {response['status_code']}")
    return answer


def only_objects(response_dict: Mapping[str, Any], operation_model: Any, **_: Any) -> None:
    """Refuse what is no JSON object in answers that botocore reads."""
    if operation_model.name not in QUICK:
        read(response_dict)
