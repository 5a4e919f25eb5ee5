"""What IAM must permit for a call of AWS: actions on resources, in the names of the policies as they are rendered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from config import Config
from panzoto.cli.inspection import name_of
from panzoto.cli.render.iam import BY_HAND
from panzoto.models.spec import TABLES

Params = Mapping[str, Any]
Context = tuple[tuple[str, tuple[str, ...]], ...]

THROUGH_S3: Context = (("kms:ViaService", ("s3.YOUR_REGION.amazonaws.com",)),)
# Calls of S3 whose action has another name; what is read or written there is sealed by KMS, which S3 asks for us.
OF_OBJECTS = {
    "HeadObject": "GetObject",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "ListParts": "ListMultipartUploadParts",
}
OF_BUCKETS = {
    "HeadBucket": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjectVersions": "ListBucketVersions",
}
OF_MEMBERS = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}
# What S3 asks of KMS for a call: a part is sealed by the key of its upload, which is opened for that.
SEALED = {"GetObject": ("Decrypt",), "PutObject": ("GenerateDataKey",)}
SEALED_IN_PARTS = {"UploadPart": ("Decrypt",), "CompleteMultipartUpload": ("Decrypt",)}


@dataclass(frozen=True)
class Need:
    """An action on a resource, and what conditions may ask of the call."""

    action: str
    resource: str
    context: Context = ()


class Needs:
    """What calls need that are made under a configuration, whose names are put back into those of the policies."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._tables = {name_of(config, spec): BY_HAND.table(spec) for spec in TABLES}
        self._keys = {config.audio_kms_key: BY_HAND.audio_key, config.oauth_kms_key: BY_HAND.vault_key}
        self._kinds: dict[str, Callable[[str, Params], Iterator[Need]]] = {
            "dynamodb": self._of_tables,
            "s3": self._of_objects,
            "kms": self._of_keys,
            "ses": self._of_mail,
            "sns": self._of_texts,
            "secretsmanager": self._of_secrets,
            "transcribe": self._of_transcripts,
        }

    def of(self, service: str, operation: str, params: Params) -> tuple[Need, ...]:
        """What one call needs."""
        return tuple(self._kinds[service](operation, params))

    def _of_tables(self, operation: str, params: Params) -> Iterator[Need]:
        for member in params.get("TransactItems", ()):
            for kind, what in member.items():
                yield Need(f"dynamodb:{OF_MEMBERS[kind]}", self._table(what["TableName"]))
        for name in params.get("RequestItems", ()):
            yield Need(f"dynamodb:{operation}", self._table(name))
        if "TableName" in params:
            index = f"/index/{params['IndexName']}" if params.get("IndexName") else ""
            yield Need(f"dynamodb:{operation}", self._table(params["TableName"]) + index)
            if params.get("Tags"):
                yield Need("dynamodb:TagResource", self._table(params["TableName"]))
        elif "ResourceArn" in params:
            yield Need(f"dynamodb:{operation}", self._table(params["ResourceArn"].rpartition("/")[2]))
        elif not {"TransactItems", "RequestItems"} & set(params):
            yield Need(f"dynamodb:{operation}", "*")

    def _table(self, name: str) -> str:
        return self._tables.get(name) or f"arn:aws:dynamodb:{BY_HAND.region}:{BY_HAND.account}:table/{name}"

    def _of_objects(self, operation: str, params: Params) -> Iterator[Need]:
        is_ours = params["Bucket"] == self._config.s3_bucket
        bucket = BY_HAND.bucket_arn if is_ours else f"arn:aws:s3:::{params['Bucket']}"
        if operation in OF_BUCKETS:
            yield Need(f"s3:{OF_BUCKETS[operation]}", bucket)
        elif operation == "DeleteObjects":
            for each in params["Delete"]["Objects"]:
                yield Need("s3:DeleteObject", f"{bucket}/{_place(each['Key'])}")  # which S3 asks for in any case
                if each.get("VersionId"):
                    yield Need("s3:DeleteObjectVersion", f"{bucket}/{_place(each['Key'])}")
        elif "Key" not in params:
            yield Need(f"s3:{operation}", bucket)
        else:
            action = OF_OBJECTS.get(operation, operation)
            yield Need(f"s3:{action}", f"{bucket}/{_place(params['Key'])}")
            key = self._key(params.get("SSEKMSKeyId", self._config.audio_kms_key))
            for each in SEALED.get(action, ()) + SEALED_IN_PARTS.get(operation, ()):
                yield Need(f"kms:{each}", key, THROUGH_S3)

    def _key(self, key: str) -> str:
        return self._keys.get(key, key)

    def _of_keys(self, operation: str, params: Params) -> Iterator[Need]:
        bound = sorted(params.get("EncryptionContext", ()))
        context: Context = tuple((f"kms:EncryptionContext:{name}", ("-",)) for name in bound)
        if bound:
            context = (("kms:EncryptionContextKeys", tuple(bound)), *context)
        # what the vault opens names no key: KMS knows which it was
        key = self._key(params.get("KeyId", self._config.oauth_kms_key))
        yield Need(f"kms:{operation}", key, context)

    def _of_mail(self, operation: str, params: Params) -> Iterator[Need]:
        ours = self._config.mail_from.rpartition("@")[2].rstrip(">")
        domain = params.get("Source", params.get("EmailAddress", "")).rpartition("@")[2]
        identity = BY_HAND.sender if domain == ours else f"identity/{domain}"
        yield Need(f"ses:{operation}", identity)

    def _of_texts(self, operation: str, params: Params) -> Iterator[Need]:
        yield Need(f"sns:{operation}", params.get("TopicArn") or params.get("TargetArn") or "phone")

    def _of_secrets(self, operation: str, params: Params) -> Iterator[Need]:
        name = params.get("SecretId") or params["Name"]
        arn = f"arn:aws:secretsmanager:{BY_HAND.region}:{BY_HAND.account}:secret:"
        yield Need(f"secretsmanager:{operation}", f"{arn}{name}-AbCdEf")

    def _of_transcripts(self, operation: str, params: Params) -> Iterator[Need]:
        output = params.get("OutputBucketName")
        if output is None:
            arn = f"arn:aws:transcribe:{BY_HAND.region}:{BY_HAND.account}:transcription-job/"
            job = params.get("TranscriptionJobName")
            yield Need(f"transcribe:{operation}", f"{arn}{job.partition('-')[0]}-" if job else "*")
            return
        bucket = BY_HAND.bucket if output == self._config.s3_bucket else output
        yield Need(f"transcribe:{operation}", "*", (("transcribe:OutputBucketName", (bucket,)),))


def _place(key: str) -> str:
    """The folder of an object, which is what policies speak of."""
    folder, slash, _ = key.partition("/")
    return f"{folder}/-" if slash else "-"
