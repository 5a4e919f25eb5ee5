"""A deployment that was made with the commands of the seeds: it is accepted as it is, and completed on request."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from config import Config
from panzoto.aws.clients import Clients

from .conftest import Command, commander

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

Request = dict[str, Any]


def table(name: str, keys: str, indexes: dict[str, str] | None = None) -> Request:
    """A table as `aws dynamodb create-table` makes it from a seed's words: `userId:S provider:S`."""
    named = [keys, *(indexes or {}).values()]
    attributes = dict(word.split(":") for words in named for word in words.split())
    request: Request = {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": each, "AttributeType": kind} for each, kind in attributes.items()],
        "KeySchema": schema(keys),
    }
    if indexes:
        request["GlobalSecondaryIndexes"] = [
            {"IndexName": index, "KeySchema": schema(words), "Projection": {"ProjectionType": "ALL"}}
            for index, words in indexes.items()
        ]
    return request


def schema(words: str) -> list[dict[str, str]]:
    """The schema of a key: its first attribute is the hash, its second the range."""
    names = [word.partition(":")[0] for word in words.split()]
    return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(names, ("HASH", "RANGE"), strict=False)]


SEEDS = [
    table("panzoto-users", "user_id:S", {"email-index": "email:S"}),
    table("panzoto-audio-files", "file_id:S", {"user-files-index": "user_id:S uploaded_at:N"}),
    table("QComTable", "PK:S SK:S"),
    table(
        "mobile-auth-tokens",
        "tokenId:S",
        {"email-index": "email:S createdAt:N", "userId-tokenType-index": "userId:S tokenType:S"},
    ),
    table("mobile-approved-emails", "email:S"),
    table("axnt-oauth-tokens", "userId:S provider:S"),
    table("axnt-oauth-tokens-logs", "userId:S timestamp:S"),
]


@pytest.fixture
def deployed(config_for: Callable[..., Config]) -> Config:
    """A deployment of the seeds, with the names that they use and the settings that they turn on."""
    config = config_for(
        auth_state_table="QComTable",
        auth_tokens_table="mobile-auth-tokens",
        approved_emails_table="mobile-approved-emails",
        oauth_tokens_table="axnt-oauth-tokens",
        oauth_logs_table="axnt-oauth-tokens-logs",
    )
    client = Clients(config).dynamodb()
    for request in SEEDS:
        client.create_table(**request)
    for name, attribute in (("QComTable", "TTL"), ("mobile-auth-tokens", "expiresAt")):
        client.update_time_to_live(
            TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": attribute}
        )
    return config


@pytest.fixture
def give(deployed: Config) -> Command:
    """Gives commands to that deployment."""
    return commander(deployed)


def test_create_completes_what_takes_no_time(give: Command) -> None:
    """Without `--add-indexes` only the indexes that no seed made are left, with the way to them."""
    ended = give("create")
    assert ended.exit_code == 1
    remedy = "is missing; `flask tables create --add-indexes` builds it."
    assert ended.stdout.splitlines()[-4:] == [
        f"panzoto-audio-files: the index `s3-key-index` on `s3_key` (S) {remedy}",
        f"mobile-approved-emails: the index `list-index` on `listed` (S) and `email` (S) {remedy}",
        f"mobile-approved-emails: the index `domain-index` on `domain` (S) and `email` (S) {remedy}",
        f"axnt-oauth-tokens-logs: the index `flow-index` on `flowId` (S) and `timestamp` (S) {remedy}",
    ]
    assert "panzoto-audit-events: making it." in ended.stdout


def test_create_builds_the_indexes_on_request(give: Command, deployed: Config) -> None:
    """With `--add-indexes` nothing is left, check is silent, and the new index finds the old items."""
    client = Clients(deployed).dynamodb()
    record = {"file_id": {"S": "one"}, "user_id": {"S": "me"}, "uploaded_at": {"N": "1"}, "s3_key": {"S": "a/b.3gp"}}
    client.put_item(TableName="panzoto-audio-files", Item=record)
    ended = give("create", "--add-indexes")
    assert ended.exit_code == 0
    assert "panzoto-audio-files: the index `s3-key-index` is added." in ended.stdout
    assert "axnt-oauth-tokens-logs: the index `flow-index` is added." in ended.stdout
    assert give("check").output == ""
    answer = client.query(
        TableName="panzoto-audio-files",
        IndexName="s3-key-index",
        KeyConditionExpression="s3_key = :key",
        ExpressionAttributeValues={":key": {"S": "a/b.3gp"}},
    )
    assert answer["Items"] == [record]


def test_the_seed_s_ttl_on_the_vault_is_left_to_a_person(give: Command, deployed: Config) -> None:
    """The one command of the seeds that loses data is told until somebody has turned it off."""
    client: DynamoDBClient = Clients(deployed).dynamodb()
    on: Any = {"Enabled": True, "AttributeName": "expiresAt"}
    off: Any = {"Enabled": False, "AttributeName": "expiresAt"}
    client.update_time_to_live(TableName="axnt-oauth-tokens", TimeToLiveSpecification=on)
    ended = give("create", "--add-indexes")
    assert ended.exit_code == 1
    assert "DynamoDB deletes the whole item, a person's grant with its refresh token" in ended.stdout
    client.update_time_to_live(TableName="axnt-oauth-tokens", TimeToLiveSpecification=off)
    assert give("check").output == ""
