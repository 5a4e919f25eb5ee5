"""IAM policies: the declared operations on the declared tables, and what else the service asks of AWS; no scan in it.

Policies cannot hold comments, so `docs/tables.md` says what they permit and why.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from config import Config
from panzoto.models.object_keys import DECRYPTED, PEOPLE
from panzoto.models.spec import TABLES, TableSpec

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
OBJECT_ACTIONS = ("AbortMultipartUpload", "DeleteObject", "DeleteObjectVersion", "GetObject", "PutObject")
BUCKET_ACTIONS = ("ListBucket", "ListBucketMultipartUploads", "ListBucketVersions")
# What JWT_KEYS_SECRET_ID names, where the ring is in Secrets Manager.
SIGNING_KEYS = "panzoto/jwt-keys"
# What each key of KMS is bound to: a call that names anything else, or nothing, is refused.
AUDIO_CONTEXT = ("jobId", "purpose", "userId")
VAULT_CONTEXT = ("provider", "userId")
Statement = dict[str, Any]


@dataclass(frozen=True)
class Names:
    """How a policy names what it permits: for people who fill it in, or for Terraform, which does."""

    region: str
    account: str
    bucket: str
    audio_key: str
    vault_key: str
    secret: str
    sender: str
    tables: dict[str, str]

    def table(self, spec: TableSpec) -> str:
        """The ARN of a table."""
        return f"arn:aws:dynamodb:{self.region}:{self.account}:table/{self.tables[spec.label]}"

    @property
    def bucket_arn(self) -> str:
        """The ARN of the bucket."""
        return f"arn:aws:s3:::{self.bucket}"

    @property
    def signing_keys(self) -> str:
        """The ring of signing keys, where Secrets Manager keeps it; AWS ends its name with six characters."""
        return f"arn:aws:secretsmanager:{self.region}:{self.account}:secret:{SIGNING_KEYS}-??????"


def _arn(service: str, what: str) -> str:
    return f"arn:aws:{service}:YOUR_REGION:YOUR_ACCOUNT_ID:{what}"


BY_HAND = Names(
    region="YOUR_REGION",
    account="YOUR_ACCOUNT_ID",
    bucket=str(next(each.default for each in fields(Config) if each.name == "s3_bucket")),
    audio_key=_arn("kms", "key/YOUR_AUDIO_KEY_ID"),
    vault_key=_arn("kms", "key/YOUR_VAULT_KEY_ID"),
    secret=_arn("secretsmanager", "secret:axnt/google-oauth-??????"),
    sender=_arn("ses", "identity/YOUR_MAIL_DOMAIN"),
    tables={spec.label: spec.default_name for spec in TABLES},
)
BY_TERRAFORM = Names(
    region="${region}",
    account="${account}",
    bucket="${bucket}",
    audio_key="${audio_key}",
    vault_key="${vault_key}",
    secret="${secret}",
    sender="${sender}",
    tables={spec.label: f"${{tables.{spec.label}}}" for spec in TABLES},
)


def service_policy(names: Names = BY_HAND) -> str:
    """What the service's role may do."""
    tables = _tables(names, {spec: spec.operations for spec in TABLES})
    sending = [_transcribing(names), _mail(names), _sms()]
    return _policy([*tables, *_recordings(names), *_keys(names), *sending, *_secrets(names)])


def operator_policy(names: Names = BY_HAND) -> str:
    """What the role that gives commands may do."""
    tables = _tables(names, {spec: spec.operations | spec.operator_operations for spec in TABLES})
    administration = _on_tables("Administration", ADMINISTRATION, [names.table(spec) for spec in TABLES])
    # ListTables names no table, so IAM takes no other resource for it
    listing = _on_tables("ListTables", ["ListTables"], "*")
    rewrap = _statement("VaultKey", ["kms:DescribeKey"], names.vault_key)
    ring = [f"secretsmanager:{each}" for each in ("CreateSecret", "GetSecretValue", "PutSecretValue")]
    turning = _statement("SigningKeys", ring, names.signing_keys)
    others = [*_recordings(names), *_keys(names), rewrap, _mail(names), turning]
    return _policy([*tables, administration, listing, *others])


def _tables(names: Names, operations: Mapping[TableSpec, frozenset[str]]) -> list[Statement]:
    """One statement for the tables of which the same is permitted, since a policy is short; one for the indexes.

    A table without a second part of its key has one item of each key, and is never queried: its indexes are.
    """
    alike: dict[frozenset[str], list[TableSpec]] = {}
    for spec, permitted in operations.items():
        alike.setdefault(permitted if spec.range else permitted - {"Query"}, []).append(spec)
    statements = [
        _on_tables(_sid(specs), permitted, [names.table(each) for each in specs]) for permitted, specs in alike.items()
    ]
    queried = [spec for spec, permitted in operations.items() if "Query" in permitted]
    indexes = [f"{names.table(spec)}/index/{index.name}" for spec in queried for index in spec.indexes]
    return [*statements, _on_tables("Indexes", ["Query"], indexes)]


def _sid(specs: Sequence[TableSpec]) -> str:
    first = "".join(word.capitalize() for word in specs[0].label.split("_"))
    return f"{first}AndOthers" if len(specs) > 1 else first


def _recordings(names: Names) -> list[Statement]:
    """What both may do in the bucket. Whoever may not list it hears that a missing object is a forbidden one."""
    actions = [f"s3:{each}" for each in OBJECT_ACTIONS]
    through_s3 = {"StringEquals": {"kms:ViaService": f"s3.{names.region}.amazonaws.com"}}
    return [
        _statement("Recordings", [*actions, "s3:ListMultipartUploadParts"], f"{names.bucket_arn}/{PEOPLE}/*"),
        _statement("DecryptedCopies", actions, f"{names.bucket_arn}/{DECRYPTED}/*"),
        _statement("RecordingsBucket", [f"s3:{each}" for each in BUCKET_ACTIONS], names.bucket_arn),
        _statement("RecordingsKey", ["kms:Decrypt", "kms:GenerateDataKey"], names.audio_key, through_s3),
        _statement(
            "Transcripts",
            ["transcribe:DeleteTranscriptionJob", "transcribe:GetTranscriptionJob"],
            f"arn:aws:transcribe:{names.region}:{names.account}:transcription-job/panzoto-*",
        ),
    ]


def _transcribing(names: Names) -> Statement:
    """Starting a job names no resource, so IAM takes no other than `*` for it; it may write to our bucket alone."""
    ours = {"StringEquals": {"transcribe:OutputBucketName": names.bucket}}
    return _statement("Transcribing", ["transcribe:StartTranscriptionJob"], "*", ours)


def _keys(names: Names) -> list[Statement]:
    """What both may do with the keys, for one person at a time."""
    return [
        _statement("AudioKeys", ["kms:Decrypt", "kms:Encrypt"], names.audio_key, _bound(AUDIO_CONTEXT)),
        _statement("Vault", ["kms:Decrypt", "kms:GenerateDataKey"], names.vault_key, _bound(VAULT_CONTEXT)),
    ]


def _bound(context: Iterable[str]) -> Statement:
    """A call must name the person, and nothing besides what the context has."""
    return {
        "ForAllValues:StringEquals": {"kms:EncryptionContextKeys": list(context)},
        "Null": {"kms:EncryptionContext:userId": "false"},
    }


def _mail(names: Names) -> Statement:
    """Mail from our own address: people are told of what operators did for them, too."""
    return _statement("Mail", ["ses:SendRawEmail"], names.sender)


def _sms() -> Statement:
    """SMS have no resource, so that what has one is left out."""
    return {"Sid": "Sms", "Effect": "Allow", "Action": ["sns:Publish"], "NotResource": "arn:aws:sns:*:*:*"}


def _secrets(names: Names) -> list[Statement]:
    read = ["secretsmanager:GetSecretValue"]
    return [_statement("ProviderClients", read, names.secret), _statement("SigningKeys", read, names.signing_keys)]


def _on_tables(sid: str, operations: Iterable[str], resource: str | list[str]) -> Statement:
    return _statement(sid, [f"dynamodb:{each}" for each in operations], resource)


def _statement(
    sid: str, actions: Iterable[str], resource: str | list[str], condition: Statement | None = None
) -> Statement:
    made: Statement = {"Sid": sid, "Effect": "Allow", "Action": sorted(actions), "Resource": resource}
    return made | ({"Condition": condition} if condition else {})


def _policy(statements: Iterable[Statement]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, indent=2) + "\n"
