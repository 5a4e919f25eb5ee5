"""Requests that orjson writes are those that botocore would have written, to the byte of every value."""

from __future__ import annotations

from typing import Any

import botocore.session
import orjson
import pytest
from botocore.serialize import JSONSerializer

from panzoto.aws.clients import Clients
from panzoto.aws.writing import WRITTEN, QuickSerializer
from panzoto.models.store.wire import encode_item
from tests.support.configs import configured
from tests.support.rigs import NOWHERE

MODEL: Any = botocore.session.get_session().get_service_model("dynamodb")
ITEM = encode_item(
    {
        "s": "text, ü and \u0000",
        "n": -12,
        "b": b"\x00\xff",
        "no": None,
        "bs": {b"\xff", b"\x00"},
        "deep": {"l": [b"\xff", True]},
    }
)
CONDITION = {
    "ConditionExpression": "#a = :a",
    "ExpressionAttributeNames": {"#a": "a"},
    "ExpressionAttributeValues": {":a": {"B": b"\x00"}},
}
PUT = {"TableName": "t", "Item": ITEM, **CONDITION}
REQUESTS: dict[str, dict[str, Any]] = {
    "GetItem": {"TableName": "t", "Key": ITEM, "ConsistentRead": True, "ReturnConsumedCapacity": "TOTAL"},
    "BatchGetItem": {"RequestItems": {"t": {"Keys": [ITEM], "ConsistentRead": True}}},
    "BatchWriteItem": {"RequestItems": {"t": [{"PutRequest": {"Item": ITEM}}, {"DeleteRequest": {"Key": ITEM}}]}},
    "Query": {"TableName": "t", "Limit": 5, "ExclusiveStartKey": ITEM, "ScanIndexForward": False},
    "Scan": {"TableName": "t", "Limit": 5, "FilterExpression": "#a = :a"},
    "PutItem": PUT,
    "UpdateItem": {"TableName": "t", "Key": ITEM, "UpdateExpression": "SET #a = :a", **CONDITION},
    "DeleteItem": {"TableName": "t", "Key": ITEM, **CONDITION},
    "TransactWriteItems": {
        "TransactItems": [{"Put": PUT}, {"ConditionCheck": {"Key": ITEM}}],
        "ClientRequestToken": "x",
    },
}


def test_every_operation_is_compared() -> None:
    """None that we write is left out below."""
    assert set(REQUESTS) == WRITTEN


@pytest.mark.parametrize("name", sorted(REQUESTS))
def test_a_request_is_botocores(name: str) -> None:
    """Method, path, headers and what the body says."""
    operation = MODEL.operation_model(name)
    ours = QuickSerializer().serialize_to_request(REQUESTS[name], operation)
    theirs = JSONSerializer().serialize_to_request(REQUESTS[name], operation)
    assert orjson.loads(ours.pop("body")) == orjson.loads(theirs.pop("body"))
    assert ours == theirs


def test_other_requests_are_botocores_own() -> None:
    """Those that hold no items are left to botocore."""
    operation = MODEL.operation_model("DescribeTable")
    asked = {"TableName": "t"}
    assert QuickSerializer().serialize_to_request(asked, operation) == JSONSerializer().serialize_to_request(
        asked, operation
    )


def test_what_json_cannot_say_is_refused() -> None:
    """Neither a float's text nor an object's becomes a value by accident."""
    with pytest.raises(TypeError, match="object"):
        QuickSerializer().serialize_to_request({"Item": {"a": {"S": object()}}}, MODEL.operation_model("PutItem"))


def test_our_clients_write_so() -> None:
    """The client that the gateway calls has this serializer."""
    client: Any = Clients(configured("111111111111", NOWHERE)).dynamodb()
    assert isinstance(client._serializer, QuickSerializer)
