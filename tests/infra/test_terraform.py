"""What Terraform makes of the modules: everything once, nothing twice, and no table goes by mistake."""

from __future__ import annotations

import json
import re
import secrets
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from flask.testing import FlaskClient

from config import Config
from panzoto import create_app
from panzoto.cli.render import iam
from panzoto.cli.tables import create_all
from panzoto.deps import build
from panzoto.models.spec import TABLES
from tests.infra.terraform import ACCOUNT, MODULES, SETTINGS, Terraform
from tests.support.configs import JWT_SECRET, SECRET

USAGE = """
provider "aws" {}

resource "aws_kms_key" "dynamodb" {}

resource "aws_sns_topic" "alerts" {
  name = "alerts"
}

module "dynamodb_users" {
  source = "./modules/dynamodb-users"

  table_name   = "ecommerce-users"
  billing_mode = "PAY_PER_REQUEST"

  enable_point_in_time_recovery = true
  enable_streams                = false

  kms_key_arn = aws_kms_key.dynamodb.arn

  alarm_actions = [aws_sns_topic.alerts.arn]

  tags = {
    Environment = "production"
    Project     = "ecommerce-ai-platform"
  }
}

module "provisioned" {
  source         = "./modules/dynamodb-users"
  table_name     = "provisioned-users"
  billing_mode   = "PROVISIONED"
  read_capacity  = 10
  enable_streams = true
}

output "made" {
  value = module.dynamodb_users
}

output "provisioned" {
  value = module.provisioned
}
"""


def client(service: str, endpoint: str) -> Any:
    """A client of the account that Terraform used."""
    session = boto3.session.Session(aws_access_key_id=ACCOUNT, aws_secret_access_key="test", region_name="us-east-1")
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


def keys_with(endpoint: str, *policies: str) -> tuple[str, str]:
    """The keys of somebody who has these policies, and nothing else."""
    iam_client, name = client("iam", endpoint), f"somebody-{secrets.token_hex(4)}"
    iam_client.create_user(UserName=name)
    for policy in policies:
        iam_client.attach_user_policy(UserName=name, PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/{policy}")
    made = iam_client.create_access_key(UserName=name)["AccessKey"]
    return made["AccessKeyId"], made["SecretAccessKey"]


def smoke(http: FlaskClient) -> list[int]:
    """Register, sign in, ask for an upload, list, ask for a code by SMS and for a mail, sign out: the statuses."""
    account = {"email": f"{secrets.token_hex(4)}@example.com", "password": "SecurePassword123!"}
    signed = [http.post("/api/register", json=account), http.post("/api/login", json=account)]
    bearer = {"Authorization": f"Bearer {(signed[1].get_json() or {}).get('token')}"}
    recording = {"filename": "memo.3gp", "content_type": "audio/3gpp", "file_size": 1024}
    return [
        *(each.status_code for each in signed),
        http.post("/api/v1/audio-files/uploads", json=recording, headers=bearer).status_code,
        http.get("/api/v1/audio-files", headers=bearer).status_code,
        http.post("/api/v1/auth/initiate-otp", json={"phone_number": "+14155552671"}).status_code,
        http.post("/api/v1/auth/logout", json={}, headers=bearer).status_code,
    ]


def test_the_service_runs_under_its_role(on_ministack: tuple[Terraform, str]) -> None:
    """On tables, keys and a bucket that Terraform alone made, and with no permission that is not in its policy."""
    made, endpoint = on_ministack
    config = configured(endpoint, made.outputs()["environment"], *keys_with(endpoint, "panzoto-service"))
    assert smoke(create_app(config, build(config)).test_client()) == [201, 200, 201, 200, 200, 200]


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
    key, secret = keys_with(endpoint, "panzoto-service")
    stolen = boto3.client(
        "dynamodb", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id=key, aws_secret_access_key=secret
    )
    for call in (stolen.scan, stolen.delete_table):
        with pytest.raises(ClientError, match="AccessDenied"):
            call(TableName="panzoto-users")


def test_the_tables_are_as_declared(on_ministack: tuple[Terraform, str]) -> None:
    """`flask tables create` has nothing to make and nothing to say: keys, indexes, TTL, recovery, encryption."""
    made, endpoint = on_ministack
    config = configured(endpoint, made.outputs()["environment"])
    told: list[str] = []
    assert create_all(build(config).clients, config, told.append) == []
    assert not [line for line in told if "made" in line or "missing" in line], told


def test_the_policy_is_the_rendered_one(on_ministack: tuple[Terraform, str]) -> None:
    """The role may do what the declarations permit, with this account's names in place of those to be filled in."""
    _, endpoint = on_ministack
    found = client("iam", endpoint)
    arn = f"arn:aws:iam::{ACCOUNT}:policy/panzoto-service"
    version = found.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    document = found.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    text = json.dumps(document if isinstance(document, dict) else json.loads(document))
    text = text.replace("us-east-1", "YOUR_REGION").replace(ACCOUNT, "YOUR_ACCOUNT_ID")
    text = re.sub(r"key/[0-9a-f-]{36}", "key/ONE", text).replace(SETTINGS["bucket"], iam.BY_HAND.bucket)
    text = re.sub(r"google-oauth-\w+", "google-oauth-??????", text).replace("panzoto.example", "YOUR_MAIL_DOMAIN")
    rendered = re.sub(r"key/YOUR_(AUDIO|VAULT)_KEY_ID", "key/ONE", iam.service_policy())
    for has, wants in zip(json.loads(text)["Statement"], json.loads(rendered)["Statement"], strict=True):
        assert has == wants
    attached = found.list_attached_role_policies(RoleName="panzoto-service")["AttachedPolicies"]
    assert [each["PolicyArn"] for each in attached] == [arn]


def test_the_bucket_is_private_and_forgets_in_time(on_ministack: tuple[Terraform, str]) -> None:
    """Nobody reads it without TLS or from outside; versions are kept; decrypted copies live for a day."""
    _, endpoint = on_ministack
    s3, bucket = client("s3", endpoint), SETTINGS["bucket"]
    assert all(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values())
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    rules = {each["ID"]: each for each in s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]}
    assert rules["decrypted-copies-live-for-a-day"]["Expiration"]["Days"] == 1
    assert rules["uploads-that-nobody-finishes"]["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] == 7
    policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    assert policy["Statement"][0]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    sealed = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert sealed["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"


def test_a_second_plan_is_empty_and_tables_stay(moto_server: str, tmp_path: Path) -> None:
    """With what is optional. Recordings and keys are never destroyed, and tables refuse until one says so."""
    made = Terraform(tmp_path, moto_server)
    optional = {
        "app_origins": ["https://app.panzoto.example"],
        "alarm_actions": ["arn:aws:sns:us-east-1:000000000000:alerts"],
        "streamed_tables": ["audit_events"],
        "table_names": {"users": "our-users"},
        "older_folders": ["audio"],
    }
    made.apply(**SETTINGS, **optional)
    assert made.plans(**SETTINGS, **optional) == []
    alarms = client("cloudwatch", moto_server).describe_alarms()["MetricAlarms"]
    assert {f"{spec.default_name}-throttled-requests" for spec in TABLES if spec.label != "users"} | {
        "our-users-throttled-requests",
        "our-users-system-errors",
    } <= {each["AlarmName"] for each in alarms}
    given = [f"-var={name}={value}" for name, value in SETTINGS.items()]
    assert "Instance cannot be destroyed" in made("destroy", "-auto-approve", "-no-color", *given, fails=True)
    refused = made("destroy", "-auto-approve", "-no-color", "-target=module.tables", *given, fails=True)
    assert "deletion protection" in refused.lower() or "ValidationException" in refused
    assert len(client("dynamodb", moto_server).list_tables()["TableNames"]) == len(TABLES)


def test_the_seed_s_usage_applies_as_it_is_written(moto_server: str, bare: Path) -> None:
    """Inputs, outputs and alarms are those of the module's own page; provisioned tables have alarms of capacity."""
    made = Terraform(bare, moto_server, USAGE)
    made.apply()
    outputs = made.outputs()
    assert set(outputs["made"]) == {"table_name", "table_arn", "table_id", "stream_arn", "email_index_name"}
    assert (outputs["made"]["table_name"], outputs["made"]["email_index_name"]) == ("ecommerce-users", "email-index")
    assert outputs["made"]["stream_arn"] is None
    assert outputs["provisioned"]["stream_arn"]
    table = client("dynamodb", moto_server).describe_table(TableName="ecommerce-users")["Table"]
    assert table["KeySchema"] == [{"AttributeName": "userId", "KeyType": "HASH"}]
    assert [each["IndexName"] for each in table["GlobalSecondaryIndexes"]] == ["email-index"]
    alarms = {each["AlarmName"]: each for each in client("cloudwatch", moto_server).describe_alarms()["MetricAlarms"]}
    assert "ecommerce-users-read-capacity" not in alarms
    read = alarms["provisioned-users-read-capacity"]
    assert (read["Period"], read["EvaluationPeriods"], read["Threshold"]) == (300, 2, 10 * 300 * 0.8)
    throttled = alarms["ecommerce-users-throttled-requests"]
    assert (throttled["Threshold"], throttled["EvaluationPeriods"]) == (10, 1)


WRONG = {
    "bucket": ("No Bucket", "The name of a bucket has 3 to 63 small letters"),
    "region": ("here", "region is the name of an AWS region"),
    "alarm_actions": (["nobody"], "alarm_actions are ARNs"),
    "app_origins": (["*"], "app_origins are addresses such as"),
    "monthly_budget": (0, "monthly_budget is more than nothing"),
}


def test_wrong_values_are_said_in_sentences(on_ministack: tuple[Terraform, str]) -> None:
    """All at once, before anything is changed."""
    made, _ = on_ministack
    given = {name: value if isinstance(value, str) else json.dumps(value) for name, (value, _) in WRONG.items()}
    flags = [f"-var={name}={value}" for name, value in (SETTINGS | given).items()]
    said = " ".join(made("plan", "-no-color", "-input=false", *flags, fails=True).replace("│", " ").split())
    assert not [sentence for _, sentence in WRONG.values() if sentence not in said]


def test_the_modules_are_in_their_form(on_ministack: tuple[Terraform, str]) -> None:
    """`terraform fmt` has nothing to change, and `validate` nothing to say."""
    made, _ = on_ministack
    assert made("fmt", "-check", "-recursive", "-no-color", str(MODULES)) == ""
    assert "Success" in made("validate", "-no-color")
