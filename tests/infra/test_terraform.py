"""What Terraform makes of the modules: everything once, nothing twice, and no table goes by mistake."""

from __future__ import annotations

import json
import re
from pathlib import Path

from panzoto.cli.render import iam
from panzoto.cli.tables import create_all
from panzoto.deps import build
from panzoto.models.spec import TABLES
from tests.infra.accounts import client, configured, policy_of
from tests.infra.terraform import ACCOUNT, MODULES, SETTINGS, Terraform, given_as
from tests.support.effort import tried_in_ci

# Applying it takes the time of three hundred other tests, and few changes touch it.
pytestmark = tried_in_ci
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
    text = json.dumps(policy_of(endpoint, "panzoto-service"))
    text = text.replace("us-east-1", "YOUR_REGION").replace(ACCOUNT, "YOUR_ACCOUNT_ID")
    text = re.sub(r"key/[0-9a-f-]{36}", "key/ONE", text).replace(SETTINGS["bucket"], iam.BY_HAND.bucket)
    text = re.sub(r"google-oauth-\w+", "google-oauth-??????", text).replace("panzoto.example", "YOUR_MAIL_DOMAIN")
    rendered = re.sub(r"key/YOUR_(AUDIO|VAULT)_KEY_ID", "key/ONE", iam.service_policy())
    for has, wants in zip(json.loads(text)["Statement"], json.loads(rendered)["Statement"], strict=True):
        assert has == wants
    attached = client("iam", endpoint).list_attached_role_policies(RoleName="panzoto-service")["AttachedPolicies"]
    assert [each["PolicyName"] for each in attached] == ["panzoto-service"]


def test_the_bucket_is_private(on_ministack: tuple[Terraform, str]) -> None:
    """Nobody reads it without TLS or from outside; versions are kept, and what is in it is sealed."""
    _, endpoint = on_ministack
    s3, bucket = client("s3", endpoint), SETTINGS["bucket"]
    assert all(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values())
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    assert policy["Statement"][0]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    sealed = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert sealed["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"


def forgets_in_time(endpoint: str) -> bool:
    """Whether decrypted copies live for a day, and parts that nobody completes for a week."""
    rules = client("s3", endpoint).get_bucket_lifecycle_configuration(Bucket=SETTINGS["bucket"])["Rules"]
    found = {each["ID"]: each for each in rules}
    copies, uploads = found["decrypted-copies-live-for-a-day"], found["uploads-that-nobody-finishes"]
    days = copies["Expiration"]["Days"], uploads["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"]
    return bool(days == (1, 7))


def test_a_second_plan_is_empty_and_tables_stay(moto_server: str, provider: str, tmp_path: Path) -> None:
    """With what is optional; the bucket forgets in time. Recordings and keys stay, and tables until one says so."""
    made = Terraform(tmp_path, moto_server, provider)
    optional = {
        "app_origins": ["https://app.panzoto.example"],
        "alarm_actions": ["arn:aws:sns:us-east-1:000000000000:alerts"],
        "streamed_tables": ["audit_events"],
        "table_names": {"users": "our-users"},
        "older_folders": ["audio"],
    }
    made.apply(**SETTINGS, **optional)
    assert made.plans(**SETTINGS, **optional) == []
    assert forgets_in_time(moto_server)
    alarms = client("cloudwatch", moto_server).describe_alarms()["MetricAlarms"]
    assert {f"{spec.default_name}-throttled-requests" for spec in TABLES if spec.label != "users"} | {
        "our-users-throttled-requests",
        "our-users-system-errors",
    } <= {each["AlarmName"] for each in alarms}
    # a destruction is planned from what was applied just now: there is nothing to read again
    given = ["-auto-approve", "-no-color", "-refresh=false", *given_as(SETTINGS)]
    assert "Instance cannot be destroyed" in made("destroy", *given, fails=True)
    refused = made("destroy", "-target=module.tables", *given, fails=True)
    assert "deletion protection" in refused.lower() or "ValidationException" in refused
    assert len(client("dynamodb", moto_server).list_tables()["TableNames"]) == len(TABLES)


def test_the_seed_s_usage_applies_as_it_is_written(moto_server: str, provider: str, bare: Path) -> None:
    """Inputs, outputs and alarms are those of the module's own page; provisioned tables have alarms of capacity."""
    made = Terraform(bare, moto_server, provider, USAGE)
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
    flags = given_as(SETTINGS | {name: value for name, (value, _) in WRONG.items()})
    said = " ".join(
        made("plan", "-no-color", "-input=false", "-refresh=false", *flags, fails=True).replace("│", " ").split()
    )
    assert not [sentence for _, sentence in WRONG.values() if sentence not in said]


def test_the_modules_are_in_their_form(on_ministack: tuple[Terraform, str]) -> None:
    """`terraform fmt` has nothing to change, and `validate` nothing to say."""
    made, _ = on_ministack
    assert made("fmt", "-check", "-recursive", "-no-color", str(MODULES)) == ""
    assert "Success" in made("validate", "-no-color")
