"""`flask tables create`: what it makes, what it turns on, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import moto
import pytest

from config import Config
from panzoto import create_app
from panzoto.aws.clients import Clients
from panzoto.cli.inspection import name_of
from panzoto.cli.live import Live, declared
from panzoto.cli.tables import create_all
from panzoto.models.spec import AUDIO_FILES, AUTH_STATE, TABLES, USERS
from tests.support.configs import configured

from .answers import Scripted, refusal
from .conftest import Command, commander

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def test_the_application_has_the_commands(config: Config) -> None:
    """`flask tables` is there wherever the application is, and loaded when somebody asks for it."""
    app = create_app(config)
    assert not app.cli.commands
    listed = app.test_cli_runner().invoke(args=["--help"])
    assert "Make the tables" in listed.output
    assert {"tables", "migrate"} <= set(app.cli.commands)


def test_makes_the_tables_as_they_are_declared(made: Config, dynamodb: DynamoDBClient) -> None:
    """Keys, indexes, capacity, encryption, protection and tags of each are those of its declaration."""
    for spec in TABLES:
        table = dynamodb.describe_table(TableName=name_of(made, spec))["Table"]
        live = Live(table, {}, recovery=True)
        assert live.keys == declared(spec.hash, spec.range)
        assert {index: live.keys_of(found["KeySchema"]) for index, found in live.indexes.items()} == {
            index.name: declared(index.hash, index.range) for index in spec.indexes
        }
        assert all(found["Projection"] == {"ProjectionType": "ALL"} for found in live.indexes.values())
        assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
        assert (table["SSEDescription"]["Status"], table["SSEDescription"]["SSEType"]) == ("ENABLED", "KMS")
        assert table["DeletionProtectionEnabled"]
        tags = dynamodb.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]
        assert {"Key": "panzoto:table", "Value": spec.label} in tags


def test_turns_on_ttl_and_recovery(made: Config, dynamodb: DynamoDBClient) -> None:
    """TTL is on the declared attribute, and on none where none is declared; recovery is on everywhere."""
    for spec in TABLES:
        name = name_of(made, spec)
        ttl = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        assert ttl == (
            {"TimeToLiveStatus": "ENABLED", "AttributeName": spec.ttl} if spec.ttl else {"TimeToLiveStatus": "DISABLED"}
        )
        backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
        assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


def test_says_what_it_makes(command: Command, config: Config) -> None:
    """Each new table is a line, and the end is told; the exit code is 0."""
    ended = command("create")
    assert ended.exit_code == 0
    expected = [f"{name_of(config, spec)}: making it." for spec in TABLES]
    assert ended.stdout.splitlines() == [*expected, "The tables are as they are declared."]


def test_shows_a_terminal_how_far_it_has_come(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal sees a bar while it waits; what is printed besides is the same."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    ended = command("create")
    assert "━" in ended.stderr
    assert ended.stdout.splitlines()[-1] == "The tables are as they are declared."


def test_changes_nothing_the_second_time(made: Config) -> None:
    """On tables that are as declared it says nothing and asks for no change."""
    clients, said = Scripted(made), list[str]()
    assert create_all(clients, made, said.append) == []
    assert (said, clients.changes) == ([], [])


def test_makes_only_the_tables_that_are_named(command: Command, dynamodb: DynamoDBClient, config: Config) -> None:
    """`--table` is given once for each table that is meant."""
    assert command("create", "--table", "users", "--table", "auth_state").exit_code == 0
    assert dynamodb.list_tables()["TableNames"] == sorted([config.users_table, config.auth_state_table])


def test_refuses_a_label_that_there_is_not(command: Command) -> None:
    """A wrong label is told, with the right ones."""
    ended = command("create", "--table", "panzoto-users")
    assert ended.exit_code == 2
    assert "'users', 'audio_files'" in ended.stderr


def test_uses_the_names_and_the_key_that_the_configuration_gives(config_for: Callable[..., Config]) -> None:
    """An existing deployment has other names, and perhaps a KMS key of its own."""
    config = config_for(users_table="people", tables_kms_key=KEY)
    clients = Clients(config)
    assert create_all(clients, config, lambda _: None) == []
    table = clients.dynamodb().describe_table(TableName="people")["Table"]
    assert table["SSEDescription"]["KMSMasterKeyArn"] == KEY


def test_two_may_create_at_once(config: Config) -> None:
    """Of two who make the same tables at the same moment, both find them made."""
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(create_all, Clients(config), config, lambda _: None) for _ in range(2)]
    assert [run.result() for run in runs] == [[], []]


def test_creates_on_another_emulator_too(account: str) -> None:
    """What it makes on moto is as declared, and stays as it is the second time."""
    with moto.mock_aws():
        config = configured(account, None)
        clients, said = Clients(config), list[str]()
        assert create_all(clients, config, said.append) == []
        assert len(said) == len(TABLES)
        assert create_all(clients, config, said.append) == []
        assert len(said) == len(TABLES)


def test_turns_on_what_is_off(made: Config, dynamodb: DynamoDBClient, command: Command) -> None:
    """What was turned off by hand is turned on again, and said."""
    name = made.auth_state_table
    dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification={"AttributeName": "TTL", "Enabled": False})
    dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
    dynamodb.update_table(TableName=name, SSESpecification={"Enabled": False})
    dynamodb.update_continuous_backups(
        TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False}
    )
    ended = command("create")
    assert ended.exit_code == 0
    assert ended.stdout.splitlines() == [
        f"{name}: TTL on `TTL` is turned on.",
        f"{name}: point-in-time recovery is turned on.",
        f"{name}: encryption with a KMS key is turned on.",
        f"{name}: deletion protection is turned on.",
        "The tables are as they are declared.",
    ]
    assert command("check").output == ""


def test_leaves_a_table_with_another_key_alone(dynamodb: DynamoDBClient, config: Config) -> None:
    """A table that was made for something else is named, and nothing of it is changed."""
    dynamodb.create_table(
        TableName=config.auth_state_table,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    clients = Scripted(config)
    left = create_all(clients, config, lambda _: None)
    wrong = "its key is `id` (S), not `PK` (S) and `SK` (S); DYNAMODB_TABLE_NAME must name another table."
    assert left[0] == f"{config.auth_state_table}: {wrong}"
    assert dynamodb.describe_time_to_live(TableName=config.auth_state_table)["TimeToLiveDescription"] == {
        "TimeToLiveStatus": "DISABLED"
    }
    assert clients.changes.count("CreateTable") == len(TABLES) - 1
    assert "UpdateTable" not in clients.changes


def test_takes_nothing_away(made: Config, dynamodb: DynamoDBClient, command: Command) -> None:
    """An index that is not declared and a TTL where none may be are reported and stay."""
    dynamodb.update_table(
        TableName=made.users_table,
        AttributeDefinitions=[{"AttributeName": "team", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[
            {
                "Create": {
                    "IndexName": "team-index",
                    "KeySchema": [{"AttributeName": "team", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "ALL"},
                }
            }
        ],
    )
    ended = command("create", "--add-indexes")
    assert ended.exit_code == 1
    assert "the index `team-index` is not declared" in ended.stdout
    indexes = dynamodb.describe_table(TableName=made.users_table)["Table"]["GlobalSecondaryIndexes"]
    assert {index["IndexName"] for index in indexes} == {"email-index", "team-index"}


def test_one_refusal_does_not_stop_the_rest(config: Config, dynamodb: DynamoDBClient) -> None:
    """What this identity may not do is a sentence each; everything else is done."""
    clients = Scripted(config, {"UpdateContinuousBackups": lambda: refusal("AccessDeniedException")})
    left = create_all(clients, config, lambda _: None)
    assert len(left) == len(TABLES)
    assert all("this identity may not call dynamodb:UpdateContinuousBackups" in sentence for sentence in left)
    ttl = dynamodb.describe_time_to_live(TableName=config.auth_state_table)["TimeToLiveDescription"]
    assert ttl["AttributeName"] == AUTH_STATE.ttl


def test_a_table_that_may_not_be_made_is_one_sentence(config: Config) -> None:
    """Where nothing may be made, each table is named once, with the policy that permits it."""
    clients = Scripted(config, {"CreateTable": lambda: refusal("AccessDeniedException")})
    ended = commander(config, clients)("create", "--table", "users")
    assert ended.exit_code == 1
    policy = "infra/rendered/iam-operator-policy.json permits it, or AWS_ACCESS_KEY_ID is somebody else's."
    assert ended.stdout == f"{config.users_table}: this identity may not call dynamodb:CreateTable; {policy}\n"


def test_an_endpoint_that_knows_less_is_no_failure(config: Config) -> None:
    """An emulator without these features is told once for each feature, and the tables are made."""
    unknown = refusal("UnknownOperationException")
    without = dict.fromkeys(("DescribeContinuousBackups", "DescribeTimeToLive"), lambda: unknown)
    command = commander(config, Scripted(config, without))
    ended = command("create")
    assert ended.exit_code == 0
    assert ended.stdout.count("TTL is not supported by this endpoint") == 1
    assert ended.stdout.count("Point-in-time recovery is not supported by this endpoint") == 1
    checked = command("check")
    assert (checked.exit_code, checked.stdout) == (0, "")
    assert "TTL is not supported by this endpoint" in checked.stderr


def test_an_endpoint_that_cannot_turn_on_is_no_failure(config: Config) -> None:
    """An emulator that answers the question but does not know the change is told, too."""
    clients = Scripted(config, {"UpdateTimeToLive": lambda: refusal("UnknownOperationException")})
    ended = commander(config, clients)("create", "--table", "auth_state")
    assert ended.exit_code == 0
    assert "UpdateTimeToLive is not supported by this endpoint." in ended.stdout


def test_a_new_index_on_provisioned_capacity_gets_some(config: Config, dynamodb: DynamoDBClient) -> None:
    """A table with provisioned capacity is no difference, and an index that is added has the table's capacity."""
    capacity = {"ReadCapacityUnits": 7, "WriteCapacityUnits": 3}
    dynamodb.create_table(
        TableName=config.audio_files_table,
        BillingMode="PROVISIONED",
        ProvisionedThroughput={"ReadCapacityUnits": 7, "WriteCapacityUnits": 3},
        AttributeDefinitions=[{"AttributeName": AUDIO_FILES.hash.name, "AttributeType": "S"}],
        KeySchema=[{"AttributeName": AUDIO_FILES.hash.name, "KeyType": "HASH"}],
    )
    ended = commander(config)("create", "--add-indexes", "--table", AUDIO_FILES.label)
    assert ended.exit_code == 0
    assert "capacity is provisioned, not on demand; that is yours to choose." in ended.stdout
    indexes = dynamodb.describe_table(TableName=config.audio_files_table)["Table"]["GlobalSecondaryIndexes"]
    assert [index["ProvisionedThroughput"] for index in indexes] == [capacity, capacity]


def test_keeps_what_is_in_the_tables(made: Config, dynamodb: DynamoDBClient, command: Command) -> None:
    """Items are there afterwards as they were before."""
    person = {USERS.hash.name: {"S": "one"}, "email": {"S": "one@example.com"}}
    dynamodb.put_item(TableName=made.users_table, Item=person)
    dynamodb.update_table(TableName=made.users_table, DeletionProtectionEnabled=False)
    assert command("create", "--add-indexes").exit_code == 0
    kept = dynamodb.get_item(TableName=made.users_table, Key={USERS.hash.name: {"S": "one"}}, ConsistentRead=True)
    assert kept["Item"] == person
