"""IAM policies: the declared operations on the declared tables, recordings in the bucket; the service has no scan.

Policies cannot hold comments, so `docs/tables.md` says what they permit and why.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from config import Config
from panzoto.models.object_keys import DECRYPTED, PEOPLE
from panzoto.models.spec import TABLES, TableSpec

PREFIX = "arn:aws:dynamodb:YOUR_REGION:YOUR_ACCOUNT_ID:table"
# What `flask tables` and the aws commands of docs/tables.md ask of a table.
ADMINISTRATION = (
    "CreateTable",
    "DescribeContinuousBackups",
    "DescribeTable",
    "DescribeTimeToLive",
    "TagResource",
    "UpdateContinuousBackups",
    "UpdateTable",
    "UpdateTimeToLive",
)
# What the service, and whoever holds an address that it signed, does with objects; and what it asks of their bucket.
OBJECT_ACTIONS = (
    "AbortMultipartUpload",
    "DeleteObject",
    "DeleteObjectVersion",
    "GetObject",
    "ListMultipartUploadParts",
    "PutObject",
)
BUCKET_ACTIONS = ("ListBucket", "ListBucketMultipartUploads", "ListBucketVersions")
BUCKET = f"arn:aws:s3:::{next(each.default for each in fields(Config) if each.name == 's3_bucket')}"
Statement = dict[str, Any]


def service_policy() -> str:
    """What the service's role may do."""
    return _policy([*(each for spec in TABLES for each in _statements(spec, spec.operations)), *_storage()])


def operator_policy() -> str:
    """What the role that gives commands may do."""
    statements = [each for spec in TABLES for each in _statements(spec, spec.operations | spec.operator_operations)]
    administration = _statement("Administration", ADMINISTRATION, [_arn(spec) for spec in TABLES])
    # ListTables names no table, so IAM takes no other resource for it
    return _policy([*statements, administration, _statement("ListTables", ["ListTables"], "*"), *_storage()])


def _statements(spec: TableSpec, operations: Iterable[str]) -> list[Statement]:
    sid = "".join(word.capitalize() for word in spec.label.split("_"))
    statements = [_statement(sid, operations, _arn(spec))]
    if spec.indexes and "Query" in spec.operations:
        indexes = [f"{_arn(spec)}/index/{index.name}" for index in spec.indexes]
        statements.append(_statement(f"{sid}Indexes", ["Query"], indexes))
    return statements


def _statement(sid: str, operations: Iterable[str], resource: str | list[str]) -> Statement:
    actions = [f"dynamodb:{operation}" for operation in sorted(operations)]
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource}


def _storage() -> list[Statement]:
    """What both may do in the bucket. Whoever may not list it hears that a missing object is a forbidden one."""
    objects = [f"{BUCKET}/{room}/*" for room in (PEOPLE, DECRYPTED)]
    return [
        {"Sid": "Recordings", "Effect": "Allow", "Action": _s3(OBJECT_ACTIONS), "Resource": objects},
        {"Sid": "RecordingsBucket", "Effect": "Allow", "Action": _s3(BUCKET_ACTIONS), "Resource": BUCKET},
    ]


def _s3(actions: Iterable[str]) -> list[str]:
    return [f"s3:{action}" for action in sorted(actions)]


def _arn(spec: TableSpec) -> str:
    return f"{PREFIX}/{spec.default_name}"


def _policy(statements: Iterable[Statement]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, indent=2) + "\n"
