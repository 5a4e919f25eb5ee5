"""Tables made from their declarations, and taken away again where they would stay."""

from __future__ import annotations

import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from panzoto.models.spec import TABLES, Index, Key, TableSpec

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from config import Config

# Which setting holds the name of a table, by the table's label.
SETTINGS = {spec.label: f"{spec.label}_table" for spec in TABLES}


def names_of_its_own() -> dict[str, str]:
    """Changes to a configuration that give every table a name that no other test has."""
    prefix = f"test-{secrets.token_hex(6)}"
    return {SETTINGS[spec.label]: f"{prefix}-{spec.default_name}" for spec in TABLES}


def name_of(config: Config, spec: TableSpec) -> str:
    """The name that the configuration gives a table."""
    name: str = getattr(config, SETTINGS[spec.label])
    return name


def create_all(client: DynamoDBClient, config: Config) -> None:
    """Make every table and wait until it is there."""
    for spec in TABLES:
        client.create_table(**_request(spec, name_of(config, spec)))
    for spec in TABLES:
        client.get_waiter("table_exists").wait(TableName=name_of(config, spec), WaiterConfig={"Delay": 1})


def drop_all(client: DynamoDBClient, config: Config) -> None:
    """Take away every table that is there."""
    for spec in TABLES:
        with suppress(client.exceptions.ResourceNotFoundException):
            client.delete_table(TableName=name_of(config, spec))


def _request(spec: TableSpec, name: str) -> dict[str, Any]:
    request: dict[str, Any] = {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": key.name, "AttributeType": key.type} for key in spec.attributes],
        "KeySchema": _schema(spec.hash, spec.range),
    }
    if spec.indexes:
        request["GlobalSecondaryIndexes"] = [_index(index) for index in spec.indexes]
    return request


def _index(index: Index) -> dict[str, Any]:
    return {
        "IndexName": index.name,
        "KeySchema": _schema(index.hash, index.range),
        "Projection": {"ProjectionType": "ALL"},
    }


def _schema(hash_key: Key, range_key: Key | None) -> list[dict[str, str]]:
    schema = [{"AttributeName": hash_key.name, "KeyType": "HASH"}]
    return [*schema, {"AttributeName": range_key.name, "KeyType": "RANGE"}] if range_key else schema
