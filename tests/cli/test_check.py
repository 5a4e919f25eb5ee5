"""`flask tables check`: silent on what `create` made, and a sentence for each thing that is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from config import Config
from panzoto.cli.inspection import name_of
from panzoto.models.spec import AUTH_STATE, TABLES, USERS, TableSpec

from .answers import Scripted, refusal
from .conftest import Command, commander
from .wrong import WRONGS, Wrong

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

TTL_OFF = "aws dynamodb update-time-to-live --table-name {} --time-to-live-specification Enabled=false,AttributeName={}"
DANGERS = [
    ("oauth_tokens_table", "expiresAt", "a person's grant with its refresh token"),
    ("users_table", "resetTokenExpiry", "the person"),
    ("audio_files_table", "uploaded_at", "the record of a recording"),
    ("approved_emails_table", "expiresAt", "the approval"),
]


@pytest.mark.usefixtures("made")
def test_is_silent_on_what_create_made(command: Command) -> None:
    """No output and exit code 0, for a watch that mails what is printed."""
    ended = command("check")
    assert (ended.exit_code, ended.output) == (0, "")


@pytest.mark.parametrize("wrong", WRONGS, ids=[wrong.kind for wrong in WRONGS])
def test_names_a_table_made_wrong(config: Config, dynamodb: DynamoDBClient, command: Command, wrong: Wrong) -> None:
    """One thing wrong is one sentence, which says what to do; the exit code is 1."""
    name = wrong.make(dynamodb, config)
    ended = command("check", "--table", wrong.spec.label)
    assert ended.exit_code == 1
    assert ended.output == f"{name}: {wrong.sentence.replace('{}', name)}\n"


@pytest.mark.parametrize("spec", TABLES, ids=[spec.label for spec in TABLES])
def test_names_a_missing_table(command: Command, config: Config, spec: TableSpec) -> None:
    """A table that is not there is named with the place that was looked at and the variable that names it."""
    ended = command("check", "--table", spec.label)
    assert ended.exit_code == 1
    place = f"{config.aws_endpoint} (AWS_ENDPOINT_URL)"
    remedy = f"`flask tables create` makes it, or {spec.variable} must name the one that there is."
    assert ended.output == f"{name_of(config, spec)}: there is no such table in {place}; {remedy}\n"


def test_names_ttl_that_is_off(made: Config, dynamodb: DynamoDBClient, command: Command) -> None:
    """Without TTL rubbish stays for ever."""
    off: Any = {"Enabled": False, "AttributeName": "TTL"}
    dynamodb.update_time_to_live(TableName=made.auth_state_table, TimeToLiveSpecification=off)
    ended = command("check")
    assert ended.exit_code == 1
    assert ended.output == f"{made.auth_state_table}: TTL is off, not on `TTL`; `flask tables create` turns it on.\n"


def test_names_ttl_on_another_attribute(made: Config, dynamodb: DynamoDBClient, command: Command) -> None:
    """TTL must be turned off before it can be moved, and the sentence says how."""
    name = made.auth_state_table
    on: Any = {"Enabled": True, "AttributeName": "ExpiresAt"}
    dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=on)
    ended = command("check")
    off = TTL_OFF.format(name, "ExpiresAt")
    wrong = "TTL is on `ExpiresAt`, not on `TTL`; run `flask tables create` an hour after: "
    assert ended.output == f"{name}: {wrong}{off}\n"


@pytest.mark.parametrize("danger", DANGERS, ids=[f"{attribute} of {table}" for table, attribute, _ in DANGERS])
def test_warns_of_a_ttl_that_deletes_more_than_was_meant(
    made: Config, dynamodb: DynamoDBClient, command: Command, danger: tuple[str, str, str]
) -> None:
    """The seeds' TTL on the vault and on people deletes whole items; the sentence says what is lost and how to stop."""
    table, attribute, lost = danger
    name = getattr(made, table)
    on: Any = {"Enabled": True, "AttributeName": attribute}
    dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=on)
    ended = command("check")
    wrong = (
        f"TTL is on `{attribute}` where none may be: once that time has passed DynamoDB deletes the whole item, {lost}"
    )
    assert ended.exit_code == 1
    assert ended.output == f"{name}: {wrong}; turn it off with: {TTL_OFF.format(name, attribute)}\n"
    assert command("create").exit_code == 1


@pytest.mark.parametrize(
    ("spec", "status", "sentence"),
    [
        (
            AUTH_STATE,
            "DISABLING",
            "TTL is being turned off; in an hour `flask tables create` can turn it on, on `TTL`.",
        ),
        (AUTH_STATE, "ENABLING", ""),
        (USERS, "DISABLING", ""),
    ],
)
def test_knows_the_hour_that_ttl_takes(made: Config, spec: TableSpec, status: str, sentence: str) -> None:
    """TTL that is being turned on is on; one that is being turned off cannot be turned on yet."""
    told: Mapping[str, Any] = {"TimeToLiveStatus": status, "AttributeName": spec.ttl or "expiresAt"}
    clients = Scripted(made, {"DescribeTimeToLive": lambda: (200, {"TimeToLiveDescription": told})})
    ended = commander(made, clients)("check", "--table", spec.label)
    assert ended.output == (f"{name_of(made, spec)}: {sentence}\n" if sentence else "")


def test_names_recovery_that_is_off(made: Config, dynamodb: DynamoDBClient, command: Command) -> None:
    """Without recovery an accident is for ever."""
    dynamodb.update_continuous_backups(
        TableName=made.users_table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False}
    )
    ended = command("check")
    expected = f"{made.users_table}: point-in-time recovery is off; `flask tables create` turns it on.\n"
    assert (ended.exit_code, ended.output) == (1, expected)


def test_names_another_key_than_the_configured_one(made: Config, config_for: Callable[..., Config]) -> None:
    """A table that is encrypted with another key than the one that was asked for is named; any key is, if none was."""
    key = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    ended = commander(config_for(tables_kms_key=key))("check", "--table", "users")
    assert ended.exit_code == 1
    assert ended.output.startswith(f"{made.users_table}: it is encrypted with arn:aws:kms:us-east-1:")
    assert ended.output.endswith(f", not with {key}, which TABLES_KMS_KEY_ARN names.\n")


@pytest.mark.parametrize("status", ["CREATING", "DELETING", "INACCESSIBLE_ENCRYPTION_CREDENTIALS"])
def test_names_a_table_that_answers_nobody(made: Config, dynamodb: DynamoDBClient, status: str) -> None:
    """A table that is being made, or whose key is gone, is named by its state, and nothing more is asked of it."""
    table = json.loads(json.dumps(dynamodb.describe_table(TableName=made.users_table)["Table"], default=str))
    told = {"Table": {"TableName": made.users_table, "TableStatus": status, "KeySchema": table["KeySchema"]}}
    clients = Scripted(made, {"DescribeTable": lambda: (200, told)})
    ended = commander(made, clients)("check", "--table", "users")
    assert ended.output == f"{made.users_table}: it is {status} and answers nobody until it is ACTIVE.\n"
    assert clients.asked == ["DescribeTable"]


def test_names_all_differences_at_once(config: Config, dynamodb: DynamoDBClient, command: Command) -> None:
    """Every difference is a line; none hides another."""
    dynamodb.create_table(
        TableName=config.users_table,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "userId", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "userId", "KeyType": "HASH"}],
    )
    on: Any = {"Enabled": True, "AttributeName": "resetTokenExpiry"}
    dynamodb.update_time_to_live(TableName=config.users_table, TimeToLiveSpecification=on)
    told = command("check", "--table", "users").output.splitlines()
    for word in ("its key is", "`email-index`", "TTL is on", "point-in-time", "encryption", "deletion protection"):
        assert sum(word in line for line in told) == 1
    assert len(told) == 6


def test_a_table_that_may_not_be_seen_does_not_hide_the_others(made: Config) -> None:
    """Where this identity may not look, that is the sentence, and the other tables are compared."""
    turns = iter([refusal("AccessDeniedException")])
    clients = Scripted(made, {"DescribeTable": lambda: next(turns, None)})
    ended = commander(made, clients)("check")
    assert ended.exit_code == 1
    (line,) = ended.output.splitlines()
    assert line.startswith(f"{made.users_table}: this identity may not call dynamodb:DescribeTable;")
