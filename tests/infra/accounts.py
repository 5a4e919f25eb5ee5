"""Whoever asks an account of an emulated AWS: its owner, or somebody with policies of their own."""

from __future__ import annotations

import json
import secrets
from typing import Any

import boto3

from config import Config
from tests.infra.terraform import ACCOUNT
from tests.support.configs import JWT_SECRET, SECRET


def client(service: str, endpoint: str, key: str = ACCOUNT, secret: str = "test") -> Any:
    """A client of the account that Terraform used; by default with the keys of its owner."""
    session = boto3.session.Session(aws_access_key_id=key, aws_secret_access_key=secret, region_name="us-east-1")
    return session.client(service, endpoint_url=endpoint)  # type: ignore[call-overload]


def configured(endpoint: str, environment: dict[str, str], key: str = ACCOUNT, secret: str = "test") -> Config:
    """The configuration that an operator takes from the outputs; by default with the keys of the account's owner."""
    given = {
        "FLASK_ENV": "development",
        "SECRET_KEY": SECRET,
        "JWT_SECRET_KEY": JWT_SECRET,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": secret,
        "MAIL_FROM": "hello@panzoto.example",
    }
    return Config.from_env(given | environment)


def policy_of(endpoint: str, name: str) -> dict[str, Any]:
    """What a policy of the account says."""
    found, arn = client("iam", endpoint), _policy_arn(name)
    version = found.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    document = found.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    said: dict[str, Any] = document if isinstance(document, dict) else json.loads(document)
    return said


def keys_with(endpoint: str, *policies: str, besides: dict[str, Any] | None = None) -> tuple[str, str]:
    """The keys of somebody who has these policies, a document besides, and nothing else."""
    iam, name = client("iam", endpoint), f"somebody-{secrets.token_hex(4)}"
    iam.create_user(UserName=name)
    for policy in policies:
        iam.attach_user_policy(UserName=name, PolicyArn=_policy_arn(policy))
    if besides:
        iam.put_user_policy(UserName=name, PolicyName="besides", PolicyDocument=json.dumps(besides))
    made = iam.create_access_key(UserName=name)["AccessKey"]
    return made["AccessKeyId"], made["SecretAccessKey"]


def _policy_arn(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:policy/{name}"
