"""Differences of tables as no emulator at hand describes them."""

from __future__ import annotations

from typing import Any

from panzoto.cli.drift import Finding, findings
from panzoto.cli.live import Live
from panzoto.cli.schema import creation
from panzoto.models.spec import USERS


def described(**changes: Any) -> dict[str, Any]:
    """The description of a table of people as it is declared, with changes."""
    made = creation(USERS, "people", None).request
    names = ("TableName", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "DeletionProtectionEnabled")
    settings = {"SSEDescription": {"Status": "ENABLED"}, "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"}}
    return {**{name: made[name] for name in names}, "TableStatus": "ACTIVE", **settings, **changes}


def found(description: dict[str, Any], *, recovery: bool | None = True) -> list[Finding]:
    """What is found of it."""
    return findings(USERS, Live(description, {}, recovery), None)


def test_a_table_as_declared_has_no_differences() -> None:
    """The description that these tests change is right."""
    assert found(described()) == []


def test_a_table_that_is_changing_is_usable() -> None:
    """A table whose capacity or encryption is being changed answers as always."""
    assert found(described(TableStatus="UPDATING", SSEDescription={"Status": "UPDATING"})) == []


def test_an_index_that_is_being_built_is_named() -> None:
    """A list that needs the index fails until it is built."""
    (index,) = described()["GlobalSecondaryIndexes"]
    (finding,) = found(described(GlobalSecondaryIndexes=[{**index, "IndexStatus": "CREATING"}]))
    assert finding.sentence == "people: the index `email-index` is CREATING and answers nobody until it is ACTIVE."
    assert finding.mend is None


def test_an_endpoint_without_recovery_has_no_keys_either() -> None:
    """DynamoDB on one's own machine takes encryption and protection without a word, and does not describe them."""
    told = found(described(SSEDescription=None, DeletionProtectionEnabled=False), recovery=None)
    assert all(finding.note and finding.mend is None for finding in told)
    assert [finding.sentence.partition(" is not supported")[0] for finding in told] == [
        "Point-in-time recovery",
        "Encryption with a KMS key",
        "Deletion protection",
    ]


def test_capacity_that_aws_does_not_mention_is_provisioned() -> None:
    """A table that never was on demand has no summary of its billing; that is a note."""
    capacity = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5, "NumberOfDecreasesToday": 0}
    (note,) = found(described(BillingModeSummary={}, ProvisionedThroughput=capacity))
    assert note.note
    assert note.sentence == "people: capacity is provisioned, not on demand; that is yours to choose."
