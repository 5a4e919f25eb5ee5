"""What the backend finds in the embedded AWS: tables, bucket, key, secret, a sender of mail, a first admin.

Each is made if it is missing and left alone if it is there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from config import Config
from panzoto.cli.tables import create_all
from panzoto.deps import Deps
from panzoto.errors import EmailTaken
from panzoto.flows.admin.first_admin import first_admin
from panzoto.local.folder import Folder, kept, readable_password

if TYPE_CHECKING:
    from types_boto3_kms import KMSClient
    from types_boto3_s3 import S3Client
    from types_boto3_secretsmanager import SecretsManagerClient

KEYS = {
    "alias/axnt-oauth": "tokens of other providers",
    "alias/panzoto-audio": "audio keys of people without a password",
}
SECRET_ID = "axnt/google-oauth"
SENDER = "panzoto@localhost.localdomain"
ADMIN = "admin@panzoto.example"


def prepare(deps: Deps, say: Callable[[str], None]) -> list[str]:
    """Everything but the admin. What is told is how tables that were there before differ from their declarations."""
    differences = create_all(deps.clients, deps.config, say)
    make_bucket(deps.clients.s3(), deps.config)
    for alias, about in KEYS.items():
        make_key(deps.clients.kms(), alias, about)
    make_secret(deps.clients.secrets())
    deps.clients.ses().verify_email_identity(EmailAddress=SENDER)
    return differences


def make_bucket(s3: S3Client, config: Config) -> None:
    """The bucket of the audio."""
    try:
        s3.head_bucket(Bucket=config.s3_bucket)
    except ClientError:
        elsewhere = config.aws_region != "us-east-1"  # which S3 does not take for a place to name
        place: Any = {"CreateBucketConfiguration": {"LocationConstraint": config.aws_region}} if elsewhere else {}
        s3.create_bucket(Bucket=config.s3_bucket, **place)


def make_key(kms: KMSClient, alias: str, about: str) -> None:
    """A key, under its alias."""
    try:
        kms.describe_key(KeyId=alias)
    except kms.exceptions.NotFoundException:
        key = kms.create_key(Description=f"Panzoto: {about}")["KeyMetadata"]["KeyId"]
        kms.create_alias(AliasName=alias, TargetKeyId=key)


def make_secret(secrets: SecretsManagerClient) -> None:
    """The secret that holds a provider's client, empty until somebody fills it."""
    try:
        secrets.describe_secret(SecretId=SECRET_ID)
    except secrets.exceptions.ResourceNotFoundException:
        secrets.create_secret(Name=SECRET_ID, SecretString="{}")


def make_admin(deps: Deps, folder: Folder) -> str | None:
    """The password that the first admin was made with, if it is still known."""
    known = folder.admin_password.exists()
    password = kept(folder.admin_password, readable_password)
    try:
        first_admin(deps, ADMIN, password)
    except EmailTaken:
        if not known:  # somebody removed the file: the new password is nobody's
            folder.admin_password.unlink()
            return None
    return password
