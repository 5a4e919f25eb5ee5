"""Answers that orjson reads hold what botocore would have read, and what goes back goes as it came."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import botocore.session
import orjson
import pytest
from botocore.parsers import JSONParser, ResponseParserError

from panzoto.aws.parsing import QUICK, parse
from panzoto.models.store.wire import decode_item
from tests.support import border
from tests.support.rigs import Rig

MODEL: Any = botocore.session.get_session().get_service_model("dynamodb")
WIRE = {
    "s": {"S": "text, ü and \u0000"},
    "n": {"N": "-12.5"},
    "b": {"B": "AP8="},
    "yes": {"BOOL": True},
    "nothing": {"NULL": True},
    "bs": {"BS": ["AP8=", "AA=="]},
    "deep": {"M": {"l": {"L": [{"B": "AP8="}, {"NS": ["1", "2"]}]}}},
}
CONSUMED = {"TableName": "t", "CapacityUnits": 1.5}
ANSWERS: dict[str, dict[str, Any]] = {
    "GetItem": {"Item": WIRE, "ConsumedCapacity": CONSUMED},
    "BatchGetItem": {"Responses": {"t": [WIRE]}, "UnprocessedKeys": {}, "ConsumedCapacity": [CONSUMED]},
    "Query": {"Items": [WIRE], "Count": 1, "ScannedCount": 2, "LastEvaluatedKey": {"s": {"S": "k"}}},
    "Scan": {"Items": [WIRE], "Count": 1, "ScannedCount": 2, "LastEvaluatedKey": None},
    "PutItem": {"Attributes": WIRE},
    "UpdateItem": {"Attributes": WIRE, "ConsumedCapacity": CONSUMED},
    "DeleteItem": {"Attributes": WIRE},
    "BatchWriteItem": {"UnprocessedItems": {"t": [{"PutRequest": {"Item": WIRE}}]}, "ConsumedCapacity": [CONSUMED]},
    "TransactWriteItems": {"ConsumedCapacity": [CONSUMED]},
}


def read(parser: Callable[..., Any], operation: str, status: int, body: dict[str, Any]) -> Any:
    """An answer to an operation, as a parser reads it."""
    headers = {"x-amzn-requestid": "R", "content-type": "application/x-amz-json-1.0"}
    response = {"status_code": status, "headers": headers, "body": orjson.dumps(body), "context": {}}
    return parser(response, MODEL.operation_model(operation))


def theirs(response: dict[str, Any], operation: Any) -> Any:
    """As botocore reads it."""
    return JSONParser().parse(response, operation.output_shape)


def plain(answer: Any) -> Any:
    """An answer with its items as Python has them."""
    if isinstance(answer, list):
        return [plain(each) for each in answer]
    if not isinstance(answer, dict):
        return answer
    if answer.keys() == WIRE.keys():
        return decode_item(answer)
    return {name: plain(each) for name, each in answer.items()}


@pytest.mark.parametrize("operation", sorted(QUICK))
def test_an_answer_says_what_botocore_reads_in_it(operation: str) -> None:
    """Every kind of value, bytes anywhere, the units, the request's id; and no name whose value is null."""
    ours, as_ever = (read(parser, operation, 200, ANSWERS[operation]) for parser in (parse, theirs))
    assert plain(ours) == plain(as_ever)


@pytest.mark.parametrize("status", [200, 400, 503])
def test_what_is_no_object_is_no_answer(status: int) -> None:
    """A proxy's page is neither an item that does not exist nor a refusal."""
    response = {"status_code": status, "headers": {}, "body": b"<html>", "context": {}}
    with pytest.raises(ResponseParserError):
        parse(response, MODEL.operation_model("GetItem"))


def test_bytes_that_were_left_of_a_batch_are_written_as_they_were() -> None:
    """What DynamoDB gives back for another try is sent as it was sent first."""
    rig = Rig()
    left = {"UnprocessedItems": {"files": [{"PutRequest": {"Item": {"file_id": {"S": "f"}, "b": {"B": "AP8="}}}}]}}
    rig.meets(border.says(200, left), then=border.says(200, {}))
    rig.files.write_many(puts=[{"file_id": "f", "b": b"\x00\xff"}])
    first, second = rig.border.requests
    assert first["RequestItems"] == second["RequestItems"] == left["UnprocessedItems"]
