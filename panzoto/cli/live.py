"""A table as an account has it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from panzoto.models.spec import Key

# In these states a table or an index answers.
USABLE = frozenset({"ACTIVE", "UPDATING"})
# The attributes of a key: name, type, and whether it is the hash or the range.
Keys = list[tuple[str, str, str]]


@dataclass(frozen=True)
class Live:
    """What DynamoDB says of a table; None where the endpoint does not know the question."""

    description: Mapping[str, Any]
    ttl: Mapping[str, Any] | None
    recovery: bool | None

    @property
    def name(self) -> str:
        """The table's name."""
        name: str = self.description["TableName"]
        return name

    @property
    def status(self) -> str:
        """The table's state."""
        status: str = self.description["TableStatus"]
        return status

    @property
    def keys(self) -> Keys:
        """The primary key."""
        return self.keys_of(self.description["KeySchema"])

    @property
    def indexes(self) -> dict[str, Mapping[str, Any]]:
        """The indexes, local ones too, by name."""
        kinds = ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")
        return {each["IndexName"]: each for kind in kinds for each in self.description.get(kind) or ()}

    @property
    def capacity(self) -> dict[str, int] | None:
        """The provisioned capacity; None on demand."""
        if self.description.get("BillingModeSummary", {}).get("BillingMode") == "PAY_PER_REQUEST":
            return None
        given = self.description["ProvisionedThroughput"]
        return {unit: given[unit] for unit in ("ReadCapacityUnits", "WriteCapacityUnits")}

    @property
    def settled(self) -> bool:
        """Whether nothing is being made or changed, so that the next change is taken."""
        states = [self.status, *(each.get("IndexStatus", "ACTIVE") for each in self.indexes.values())]
        encryption = (self.description.get("SSEDescription") or {}).get("Status")
        return all(state == "ACTIVE" for state in states) and encryption not in {"ENABLING", "UPDATING"}

    def keys_of(self, key_schema: Iterable[Mapping[str, str]]) -> Keys:
        """A key with the types that the table gives its attributes."""
        types = {each["AttributeName"]: each["AttributeType"] for each in self.description["AttributeDefinitions"]}
        return [(each["AttributeName"], types[each["AttributeName"]], each["KeyType"]) for each in key_schema]


def declared(hash_key: Key, range_key: Key | None) -> Keys:
    """A key as a declaration has it."""
    keys: Keys = [(hash_key.name, hash_key.type, "HASH")]
    return [*keys, (range_key.name, range_key.type, "RANGE")] if range_key else keys


def shown(keys: Keys) -> str:
    """A key as people read it."""
    return " and ".join(f"`{name}` ({kind})" for name, kind, _ in keys)
