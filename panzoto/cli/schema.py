"""A declaration as requests of DynamoDB's control plane. Pure: it asks nobody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from panzoto.models.spec import Index, Key, TableSpec


@dataclass(frozen=True)
class Call:
    """A request, not made yet."""

    operation: str
    request: Mapping[str, Any]


def creation(spec: TableSpec, name: str, kms_key: str | None) -> Call:
    """Makes a table with everything that can be said at once; TTL and recovery are turned on afterwards."""
    request: dict[str, Any] = {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": _definitions(spec.attributes),
        "KeySchema": _schema(spec.hash, spec.range),
        "SSESpecification": _encryption(kms_key),
        "DeletionProtectionEnabled": True,
        "Tags": [{"Key": "application", "Value": "panzoto"}, {"Key": "panzoto:table", "Value": spec.label}],
    }
    if spec.indexes:
        request["GlobalSecondaryIndexes"] = [_index(index) for index in spec.indexes]
    return Call("CreateTable", request)


def addition(name: str, index: Index, capacity: Mapping[str, Any] | None) -> Call:
    """Adds an index to a table that exists. Where capacity is provisioned, the index needs some of its own."""
    create = _index(index) | ({"ProvisionedThroughput": capacity} if capacity else {})
    request = {
        "TableName": name,
        "AttributeDefinitions": _definitions(key for key in (index.hash, index.range) if key),
        "GlobalSecondaryIndexUpdates": [{"Create": create}],
    }
    return Call("UpdateTable", request)


def expiry(name: str, attribute: str) -> Call:
    """Turns on TTL."""
    return Call(
        "UpdateTimeToLive",
        {"TableName": name, "TimeToLiveSpecification": {"Enabled": True, "AttributeName": attribute}},
    )


def recovery(name: str) -> Call:
    """Turns on point-in-time recovery."""
    specification = {"PointInTimeRecoveryEnabled": True}
    return Call("UpdateContinuousBackups", {"TableName": name, "PointInTimeRecoverySpecification": specification})


def encryption(name: str, kms_key: str | None) -> Call:
    """Encrypts with a KMS key of the account: one of its own, or else the one that AWS manages there."""
    return Call("UpdateTable", {"TableName": name, "SSESpecification": _encryption(kms_key)})


def protection(name: str) -> Call:
    """Keeps the table from being deleted by one call."""
    return Call("UpdateTable", {"TableName": name, "DeletionProtectionEnabled": True})


def _encryption(kms_key: str | None) -> dict[str, Any]:
    return {"Enabled": True, "SSEType": "KMS"} | ({"KMSMasterKeyId": kms_key} if kms_key else {})


def _index(index: Index) -> dict[str, Any]:
    return {
        "IndexName": index.name,
        "KeySchema": _schema(index.hash, index.range),
        "Projection": {"ProjectionType": "ALL"},
    }


def _definitions(keys: Iterable[Key]) -> list[dict[str, str]]:
    return [{"AttributeName": key.name, "AttributeType": key.type} for key in keys]


def _schema(hash_key: Key, range_key: Key | None) -> list[dict[str, str]]:
    schema = [{"AttributeName": hash_key.name, "KeyType": "HASH"}]
    return [*schema, {"AttributeName": range_key.name, "KeyType": "RANGE"}] if range_key else schema
