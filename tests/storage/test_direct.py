"""Calls by the short way are what botocore would have made of them: the same request, answer and error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import orjson
import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.config import Config as Settings
from botocore.credentials import RefreshableCredentials
from botocore.exceptions import ClientError, NoCredentialsError

from panzoto.aws.clients import Clients
from panzoto.aws.parsing import QUICK
from tests.support import border
from tests.support.configs import configured
from tests.support.rigs import NOWHERE

from .test_parsing import ANSWERS, plain

KEY = {"id": {"S": "ü"}}
BYTES = {"b": {"B": b"\x00\xff"}, "bs": {"BS": [b"a", b"\xfe"]}, "deep": {"M": {"l": {"L": [{"B": b"\x01"}]}}}}
ITEM = {**KEY, "n": {"N": "-12.5"}, "yes": {"BOOL": True}, "nothing": {"NULL": True}, **BYTES}
WHEN = {"ConditionExpression": "#a = :b", "ExpressionAttributeNames": {"#a": "b"}}
VALUES = {"ExpressionAttributeValues": {":b": BYTES["b"]}}
TOKEN = {"ClientRequestToken": "a-token"}
REQUESTS: dict[str, dict[str, Any]] = {
    "GetItem": {"TableName": "t", "Key": KEY, "ConsistentRead": True},
    "BatchGetItem": {"RequestItems": {"t": {"Keys": [KEY, {"id": {"B": b"\xff"}}], "ConsistentRead": True}}},
    "Query": {"TableName": "t", "KeyConditionExpression": "#a = :b", "Limit": 26, "ExclusiveStartKey": KEY, **VALUES},
    "Scan": {"TableName": "t", "Limit": 500, "ReturnConsumedCapacity": "TOTAL"},
    "PutItem": {"TableName": "t", "Item": ITEM, **WHEN, **VALUES},
    "UpdateItem": {"TableName": "t", "Key": KEY, "UpdateExpression": "SET #a = :b", **WHEN, **VALUES},
    "DeleteItem": {"TableName": "t", "Key": KEY, "ReturnValues": "ALL_OLD", **WHEN, **VALUES},
    "BatchWriteItem": {"RequestItems": {"t": [{"PutRequest": {"Item": ITEM}}, {"DeleteRequest": {"Key": KEY}}]}},
    "TransactWriteItems": {"TransactItems": [{"Put": {"TableName": "t", "Item": ITEM, **WHEN, **VALUES}}], **TOKEN},
}
READ = {"s": {"S": "text"}, "b": {"B": "AP8="}}
REFUSALS: dict[str, tuple[int, dict[str, Any]]] = {
    "ConditionalCheckFailedException": (400, {"Item": READ}),
    "TransactionCanceledException": (400, {"CancellationReasons": [{"Code": "None"}, {"Code": "X", "Item": READ}]}),
    "TransactionInProgressException": (400, {}),
    "IdempotentParameterMismatchException": (400, {}),
    "ProvisionedThroughputExceededException": (400, {"ThrottlingReasons": [{"reason": "r", "resource": "arn"}]}),
    "ThrottlingException": (400, {}),
    "ResourceNotFoundException": (400, {}),
    "ExpiredTokenException": (400, {}),
    "ValidationException": (400, {}),
    "InternalServerError": (500, {}),
    "ServiceUnavailable": (503, {}),
}


@pytest.fixture(scope="module")
def clients() -> tuple[Any, Any]:
    """Ours, and botocore's as it comes."""
    session = boto3.session.Session(aws_access_key_id="1" * 12, aws_secret_access_key="secret", region_name="us-east-1")
    settings = Settings(parameter_validation=False, retries={"mode": "standard", "total_max_attempts": 1})
    theirs = session.client("dynamodb", endpoint_url=NOWHERE, config=settings)
    return Clients(configured("1" * 12, NOWHERE)).dynamodb(), theirs


def method(client: Any, operation: str) -> Callable[..., Any]:
    """The method of an operation."""
    names: dict[str, str] = client.meta.method_to_api_mapping
    found: Callable[..., Any] = getattr(client, next(name for name, each in names.items() if each == operation))
    return found


def body_of(request: AWSPreparedRequest) -> Any:
    """What a request says."""
    body: Any = request.body
    return orjson.loads(body)


@contextmanager
def answering(client: Any, step: border.Step) -> Iterator[list[AWSPreparedRequest]]:
    """Requests meet a step and are kept."""
    sent: list[AWSPreparedRequest] = []

    def meet(request: AWSPreparedRequest, **_: Any) -> Any:
        sent.append(request)
        return step(request, client._endpoint.http_session.send)

    client.meta.events.register_first("before-send.dynamodb", meet, unique_id="direct")
    try:
        yield sent
    finally:
        client.meta.events.unregister("before-send.dynamodb", unique_id="direct")


def test_every_operation_has_its_contract() -> None:
    """No operation goes the short way that is not held against botocore here."""
    assert REQUESTS.keys() == ANSWERS.keys() == QUICK


@pytest.mark.parametrize("operation", sorted(QUICK))
def test_the_request_is_botocores(clients: tuple[Any, Any], operation: str) -> None:
    """The same address, operation and body, with bytes of any depth as base64; signed by the same key."""
    asked = []
    for client in clients:
        with answering(client, border.says(200, {})) as sent:
            method(client, operation)(**REQUESTS[operation])
        (request,) = sent
        target, kind = (str(request.headers[name]) for name in ("X-Amz-Target", "Content-Type"))
        asked.append((request.method, request.url, body_of(request), target.strip("b'"), kind.strip("b'")))
    assert asked[0] == asked[1]


@pytest.mark.parametrize("operation", sorted(QUICK))
def test_the_answer_is_botocores(clients: tuple[Any, Any], operation: str) -> None:
    """Every kind of value and each name of the answer, as far as anybody reads it."""
    told = []
    for client in clients:
        with answering(client, border.says(200, ANSWERS[operation])):
            told.append(plain(method(client, operation)(**REQUESTS[operation])))
        told[-1]["ResponseMetadata"] = told[-1]["ResponseMetadata"]["HTTPStatusCode"]
    assert told[0] == told[1]


@pytest.mark.parametrize("operation", sorted(QUICK))
@pytest.mark.parametrize("code", REFUSALS)
def test_the_error_is_botocores(clients: tuple[Any, Any], operation: str, code: str) -> None:
    """The typed exception, with the code, the item that was there and the reasons of a cancelled transaction."""
    status, fields = REFUSALS[code]
    raised = []
    for client in clients:
        with answering(client, border.refuses(code, status, **fields)), pytest.raises(ClientError) as caught:
            method(client, operation)(**REQUESTS[operation])
        response: dict[str, Any] = {**caught.value.response}
        response["ResponseMetadata"] = response["ResponseMetadata"]["HTTPStatusCode"]
        raised.append((type(caught.value).__name__, caught.value.operation_name, response))
    assert raised[0] == raised[1]
    assert raised[0][2]["Error"]["Code"] == code


def test_credentials_that_were_replaced_sign_the_next_call(clients: tuple[Any, Any]) -> None:
    """A role's credentials change by the hour; nobody without any asks."""
    client, now = clients[0], datetime.now(UTC)
    given = iter(["first", "second"])

    def fresh() -> dict[str, str]:
        ends = (now + timedelta(seconds=1)).isoformat()
        return {"access_key": next(given), "secret_key": "s", "token": "t", "expiry_time": ends}

    kept = client._request_signer._credentials
    try:
        client._request_signer._credentials = RefreshableCredentials.create_from_metadata(fresh(), fresh, "a-role")
        with answering(client, border.says(200, {})) as sent:
            client.get_item(**REQUESTS["GetItem"])
        assert "Credential=second/" in sent[0].headers["Authorization"]
        client._request_signer._credentials = None
        with pytest.raises(NoCredentialsError):
            client.get_item(**REQUESTS["GetItem"])
    finally:
        client._request_signer._credentials = kept


def test_a_transaction_without_a_token_gets_one(clients: tuple[Any, Any]) -> None:
    """Each its own, so that a transaction which is sent twice is made once."""
    request = {name: each for name, each in REQUESTS["TransactWriteItems"].items() if name not in TOKEN}
    with answering(clients[0], border.says(200, {})) as sent:
        clients[0].transact_write_items(**request)
        clients[0].transact_write_items(**request)
    first, second = (body_of(each)["ClientRequestToken"] for each in sent)
    assert first
    assert first != second


def test_bytes_alone_are_encoded(clients: tuple[Any, Any]) -> None:
    """What DynamoDB has no place for is a defect, and is sent by nobody."""
    with pytest.raises(TypeError):
        clients[0].get_item(TableName="t", Key={"id": {"S": object()}})


def test_calls_for_anything_else_go_botocores_way(clients: tuple[Any, Any]) -> None:
    """Their answers are read with the model in hand: a time is a time."""
    table = {"Table": {"TableName": "t", "CreationDateTime": 1767225600.0}}
    with answering(clients[0], border.says(200, table)) as sent:
        found = clients[0].describe_table(TableName="t")
    assert found["Table"]["CreationDateTime"] == datetime(2026, 1, 1, tzinfo=UTC)
    assert b"amz-sdk-request" in {each.lower().encode() for each in sent[0].headers}
