"""The service under the role that Terraform made for it, on an AWS that enforces policies: enough, and no more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from panzoto import create_app
from panzoto.deps import Deps, build
from tests.infra.accounts import client, configured, keys_with, policy_of
from tests.infra.smoke import ACTS, service_of
from tests.infra.terraform import SETTINGS, Terraform
from tests.support.effort import tried_in_ci

pytestmark = tried_in_ci
ROLE = "panzoto-service"


def unknown_to_the_emulator(policy: dict[str, Any]) -> dict[str, Any]:
    """The statements that MiniStack cannot judge, with what it does not know of taken out, and their actions kept.

    It evaluates calls of KMS without their encryption context, and gives SES's first API no resource but `*`. What is
    taken out here is held against every call of the tests in `tests/support/grants`.
    """
    bound = [each for each in policy["Statement"] if "kms:EncryptionContextKeys" in str(each.get("Condition"))]
    mail = [each | {"Resource": "*"} for each in policy["Statement"] if each["Sid"] == "Mail"]
    assert (len(bound), len(mail)) == (2, 1)
    loose = [{name: value for name, value in each.items() if name != "Condition"} for each in bound]
    return policy | {"Statement": [*loose, *mail]}


@pytest.fixture
def deps(on_ministack: tuple[Terraform, str]) -> Deps:
    """What the service stands on, under its role; it names its keys by their ARNs, as AWS resolves an alias first."""
    made, endpoint = on_ministack
    environment, kms = made.outputs()["environment"] | {"OUTBOX_URL": endpoint}, client("kms", endpoint)
    aliases = configured(endpoint, environment)
    keys = {"AUDIO_KMS_KEY": aliases.audio_kms_key, "OAUTH_KMS_KEY": aliases.oauth_kms_key}
    arns = {name: kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"] for name, key in keys.items()}
    besides = unknown_to_the_emulator(policy_of(endpoint, ROLE))
    return build(configured(endpoint, environment | arns, *keys_with(endpoint, ROLE, besides=besides)))


@contextmanager
def without_tls(endpoint: str) -> Iterator[None]:
    """The emulator speaks no TLS here, which the policy of the bucket asks for: its owner lifts that for a while."""
    s3, bucket = client("s3", endpoint), SETTINGS["bucket"]
    policy = s3.get_bucket_policy(Bucket=bucket)["Policy"]
    s3.delete_bucket_policy(Bucket=bucket)
    try:
        yield
    finally:
        s3.put_bucket_policy(Bucket=bucket, Policy=policy)


def test_the_service_runs_under_its_role(deps: Deps, on_ministack: tuple[Terraform, str]) -> None:
    """Passwords, codes, links, resets, recordings, administrators and the vault need nothing that is not in it."""
    service = service_of(deps, create_app(deps.config, deps).test_client())
    with without_tls(on_ministack[1]):
        assert [act.__name__ for act in ACTS if not act(service)] == []


def test_what_is_not_sent_over_tls_is_refused(deps: Deps) -> None:
    """Not even an address that the service has signed puts anything into the bucket in the clear."""
    at = {"Bucket": deps.config.s3_bucket, "Key": "users/a/b.3gp"}
    address = urlsplit(deps.clients.s3().generate_presigned_url("put_object", Params=at))
    connection = HTTPConnection(address.netloc, timeout=20)
    connection.request("PUT", f"{address.path}?{address.query}", b"sealed")
    answer = connection.getresponse()
    assert (answer.status, b"explicit deny in a resource-based policy" in answer.read()) == (403, True)
    connection.close()


def test_without_its_policy_it_can_do_nothing(on_ministack: tuple[Terraform, str]) -> None:
    """What AWS refuses is our fault: nobody's password is called wrong for it, and nobody hears whose keys."""
    made, endpoint = on_ministack
    config = configured(endpoint, made.outputs()["environment"], *keys_with(endpoint))
    http = create_app(config, build(config)).test_client()
    refused = http.post("/api/login", json={"email": "ann@example.com", "password": "SecurePassword123!"})
    assert (refused.status_code, refused.get_json()["code"]) == (500, "internal")
    assert "arn:" not in refused.text


def test_the_role_neither_scans_nor_deletes(on_ministack: tuple[Terraform, str]) -> None:
    """The service's keys in somebody else's hands read no table whole, and take none away."""
    _, endpoint = on_ministack
    stolen = client("dynamodb", endpoint, *keys_with(endpoint, ROLE))
    for call in (stolen.scan, stolen.delete_table):
        with pytest.raises(ClientError, match="AccessDenied"):
            call(TableName="panzoto-users")
