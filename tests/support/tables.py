"""Tables of the tests, made from their declarations, and taken away again where they would stay."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from panzoto.cli.schema import creation
from panzoto.models.spec import TABLES, TableSpec
from panzoto.models.store.wire import encode_item

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from config import Config
    from panzoto.deps import Deps

# What a table can do, for tests of tables that no model has: the declarations permit what our models do.
READS = frozenset({"GetItem", "BatchGetItem", "Query"})
EVERYTHING = READS | {"PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem", "BatchWriteItem"}
AT_ONCE = 25  # items of one BatchWriteItem
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
    """Make every table, in an emulator where it can be used at once; TTL and recovery stay off."""
    for spec in TABLES:
        client.create_table(**creation(spec, name_of(config, spec), None).request)


def write_by_hand(deps: Deps, spec: TableSpec, *items: Mapping[str, Any]) -> None:
    """Put items as other software or somebody's hand does, whatever our own models are permitted."""
    client, name = deps.clients.dynamodb(), name_of(deps.config, spec)
    for first in range(0, len(items), AT_ONCE):
        puts: list[Any] = [{"PutRequest": {"Item": encode_item(item)}} for item in items[first : first + AT_ONCE]]
        assert not client.batch_write_item(RequestItems={name: puts})["UnprocessedItems"]


def drop_all(client: DynamoDBClient, config: Config) -> None:
    """Take away every table that is there, protected or not."""
    for name in [name_of(config, spec) for spec in TABLES]:
        with suppress(client.exceptions.ResourceNotFoundException):
            client.update_table(TableName=name, DeletionProtectionEnabled=False)
            client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
            client.delete_table(TableName=name)
