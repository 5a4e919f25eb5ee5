"""Every call of AWS that the service makes in a test, held against the policy; and what of the policy nobody needed."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from config import Config
from panzoto.aws.clients import Clients
from panzoto.cli.render import iam
from panzoto.models.spec import TABLES
from tests.support.tables import name_of

ROOT = Path(__file__).resolve().parents[2]
OURS = str(ROOT / "panzoto") + "/"
# Whose calls are an operator's, or those of `make run`: they have other permissions.
OTHERS = tuple(str(ROOT / place) for place in ("panzoto/cli", "panzoto/local", "migrations"))
S3_ACTIONS = {
    "AbortMultipartUpload": "AbortMultipartUpload",
    "CompleteMultipartUpload": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "GetObject": "GetObject",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjectsV2": "ListBucket",
    "ListParts": "ListMultipartUploadParts",
    "PutObject": "PutObject",
    "UploadPart": "PutObject",
}
# Granted for what AWS does in our name, and no call of ours shows: S3 with the bucket's key.
UNSEEN = {("kms:Decrypt", "RecordingsKey"), ("kms:GenerateDataKey", "RecordingsKey")}
# What was used, and by which statement.
used: set[tuple[str, str]] = set()


class OutsideThePolicy(Exception):
    """The service asked for something that its role may not do."""


def install(patch: pytest.MonkeyPatch) -> None:
    """Watch every client that the service makes."""
    made = Clients.__init__

    def watched(self: Clients, config: Config) -> None:
        made(self, config)

        def check(params: Mapping[str, Any], model: Any, **_: Any) -> None:
            if _is_the_service(sys._getframe(1)):
                for action, resource, context in _asked(config, model.service_model.service_name, model.name, params):
                    _permit(action, resource, context)

        self._session.events.register("provide-client-params", check)

    patch.setattr(Clients, "__init__", watched)


def never_used() -> list[str]:
    """What the policy grants, and no call needed."""
    granted = {(action, each["Sid"]) for each in statements() for action in each["Action"]}
    return [f"{action} of {sid}" for action, sid in sorted(granted - used - UNSEEN)]


@cache
def statements() -> list[dict[str, Any]]:
    """The policy of the service."""
    found: list[dict[str, Any]] = json.loads(iam.service_policy())["Statement"]
    return found


def _permit(action: str, resource: str, context: Mapping[str, Any]) -> None:
    for each in statements():
        if action in each["Action"] and _names(each, resource) and _holds(each.get("Condition", {}), context):
            used.add((action, each["Sid"]))
            return
    raise OutsideThePolicy(f"{action} on {resource} with {dict(context)}")


def _names(statement: Mapping[str, Any], resource: str) -> bool:
    if "NotResource" in statement:
        return not fnmatchcase(resource, statement["NotResource"])
    named = statement["Resource"]
    return any(fnmatchcase(resource, each) for each in (named if isinstance(named, list) else [named]))


def _holds(conditions: Mapping[str, Mapping[str, Any]], context: Mapping[str, Any]) -> bool:
    for key, wanted in conditions.get("StringEquals", {}).items():
        if context.get(key) != wanted:
            return False
    for key, wanted in conditions.get("ForAllValues:StringEquals", {}).items():
        if not set(context.get(key, [])) <= set(wanted):
            return False
    return all((key in context) == (wanted == "false") for key, wanted in conditions.get("Null", {}).items())


def _asked(
    config: Config, service: str, operation: str, params: Mapping[str, Any]
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The action, the resource and the context of a call, in the names of the rendered policy."""
    if service == "dynamodb":
        for action, resource in _of_tables(config, operation, params):
            yield f"dynamodb:{action}", resource, {}
    elif service == "s3":
        for action, resource in _of_recordings(operation, params):
            yield f"s3:{action}", resource, {}
    elif service == "kms":
        named = params.get("EncryptionContext", {})
        context = {f"kms:EncryptionContext:{name}": value for name, value in named.items()}
        context["kms:EncryptionContextKeys"] = sorted(named)
        key = iam.BY_HAND.vault_key if "provider" in named else iam.BY_HAND.audio_key
        yield f"kms:{operation}", key, context
    elif service == "transcribe":
        job = f"arn:aws:transcribe:YOUR_REGION:YOUR_ACCOUNT_ID:transcription-job/{params['TranscriptionJobName']}"
        ours = params.get("OutputBucketName") == config.s3_bucket
        yield f"transcribe:{operation}", job, {"transcribe:OutputBucketName": iam.BY_HAND.bucket} if ours else {}
    else:
        named_by = {"ses": iam.BY_HAND.sender, "secretsmanager": iam.BY_HAND.secret.replace("??????", "AbCdEf")}
        yield f"{service}:{operation}", named_by.get(service, "+10000000000"), {}


def _of_tables(config: Config, operation: str, params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    arns = {name_of(config, spec): iam.BY_HAND.table(spec) for spec in TABLES}
    if operation in {"TransactWriteItems", "TransactGetItems"}:
        for member in params["TransactItems"]:
            ((kind, given),) = member.items()
            yield "ConditionCheckItem" if kind == "ConditionCheck" else f"{kind}Item", arns[given["TableName"]]
    elif operation in {"BatchGetItem", "BatchWriteItem"}:
        for table in params["RequestItems"]:
            yield operation, arns[table]
    else:
        index = f"/index/{params['IndexName']}" if "IndexName" in params else ""
        yield operation, arns.get(params["TableName"], params["TableName"]) + index


def _of_recordings(operation: str, params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    bucket = iam.BY_HAND.bucket_arn
    if operation == "DeleteObjects":
        for each in params["Delete"]["Objects"]:
            yield "DeleteObjectVersion" if "VersionId" in each else "DeleteObject", f"{bucket}/{each['Key']}"
    else:
        yield S3_ACTIONS.get(operation, operation), f"{bucket}/{params['Key']}" if "Key" in params else bucket


def _is_the_service(frame: Any) -> bool:
    """Whether our code asked, in a request or a job: neither a command, nor a test by itself."""
    nearest = None
    while frame is not None:
        path = frame.f_code.co_filename
        if path.startswith(str(ROOT)) and "/.venv/" not in path and path != __file__:
            nearest = nearest or path
            if path.startswith(OTHERS):
                return False
        frame = frame.f_back
    return nearest is not None and nearest.startswith(OURS)
