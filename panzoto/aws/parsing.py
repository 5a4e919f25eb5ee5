"""How answers of DynamoDB are read: those to reads and writes of items by orjson, all others by botocore.

botocore walks through an answer with its model in hand, which is two thirds of what a query costs. Here an item stays
as it is on the wire: bytes are base64 text, which `models.store.wire` decodes, and which goes back as it came. Refusals
are botocore's, so that its typed exceptions and the reasons of a cancelled transaction are as ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from botocore.parsers import JSONParser, ResponseParserError

QUICK = frozenset(
    {
        "GetItem",
        "BatchGetItem",
        "Query",
        "Scan",
        "PutItem",
        "UpdateItem",
        "DeleteItem",
        "BatchWriteItem",
        "TransactWriteItems",
    }
)
NO_ANSWER, FIRST_REFUSAL = 300, 400
_REFUSALS = JSONParser()


def parse(response: Mapping[str, Any], operation: Any) -> dict[str, Any]:
    """What an answer that holds items says, with the metadata that botocore adds."""
    answer = read(response)
    if response["status_code"] >= FIRST_REFUSAL:
        return _refusal(response, operation)
    headers = response["headers"]
    said = {name: value for name, value in answer.items() if value is not None}
    said["ResponseMetadata"] = {
        "RequestId": headers.get("x-amzn-requestid", ""),
        "HTTPStatusCode": response["status_code"],
        "HTTPHeaders": headers,
    }
    return said


def _refusal(response: Mapping[str, Any], operation: Any) -> dict[str, Any]:
    """A refusal as botocore reads it: first its code, then what is declared for a refusal of that code."""
    refusal: dict[str, Any] = _REFUSALS.parse(response, operation.output_shape)
    declared = operation.service_model.shape_for_error_code(refusal["Error"]["Code"])
    if declared is not None:
        refusal |= _REFUSALS.parse(response, declared)
    return refusal


def read(response: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON object in a body; AWS sends nothing else, and botocore would read it as an empty answer.

    A proxy's page with status 200 would be an item that does not exist. AWS sends nobody elsewhere, either.
    """
    try:
        answer = orjson.loads(response["body"])
    except orjson.JSONDecodeError:
        answer = None
    if not isinstance(answer, dict) or NO_ANSWER <= response["status_code"] < FIRST_REFUSAL:
        raise ResponseParserError(f"not an answer of AWS, with status {response['status_code']}")
    return answer


def only_objects(response_dict: Mapping[str, Any], **_: Any) -> None:
    """Refuse what is no JSON object in answers that botocore reads."""
    read(response_dict)


def only_declared_objects(response_dict: Mapping[str, Any], operation_model: Any, **_: Any) -> None:
    """The same where some calls are answered by nothing. Refusals are left to botocore, which asks again after some."""
    if operation_model.output_shape is not None and response_dict["status_code"] < FIRST_REFUSAL:
        read(response_dict)
