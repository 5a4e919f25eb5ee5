"""Tables made wrong by hand, each in one thing, and the sentence that names it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from config import Config
from panzoto.cli.inspection import name_of
from panzoto.cli.schema import creation
from panzoto.models.spec import AUDIO_FILES, AUTH_STATE, OAUTH_TOKENS, USERS, TableSpec

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

Request = dict[str, Any]
AGAIN = "run `flask tables create --add-indexes` after: aws dynamodb update-table --table-name {} "
AGAIN += "--global-secondary-index-updates "


@dataclass(frozen=True)
class Wrong:
    """A change to the request that makes a table, and what `check` says of it; `{}` stands for the table."""

    kind: str
    spec: TableSpec
    change: Callable[[Request], object]
    sentence: str

    def make(self, dynamodb: DynamoDBClient, config: Config) -> str:
        """Make the table; everything that is turned on afterwards is on. Returns its name."""
        name = name_of(config, self.spec)
        request: Request = json.loads(json.dumps(creation(self.spec, name, None).request))
        self.change(request)
        dynamodb.create_table(**request)
        if self.spec.ttl:
            on: Any = {"Enabled": True, "AttributeName": self.spec.ttl}
            dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=on)
        dynamodb.update_continuous_backups(
            TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
        return name


def retyped(attribute: str, kind: str) -> Callable[[Request], None]:
    """Gives a key's attribute another type."""

    def change(request: Request) -> None:
        for each in request["AttributeDefinitions"]:
            if each["AttributeName"] == attribute:
                each["AttributeType"] = kind

    return change


def renamed(old: str, new: str) -> Callable[[Request], None]:
    """Gives a key's attribute another name."""

    def change(request: Request) -> None:
        text = json.dumps(request).replace(f'"AttributeName": "{old}"', f'"AttributeName": "{new}"')
        request.update(json.loads(text))

    return change


def undefined(request: Request, attribute: str) -> None:
    """Takes the definition of an attribute away, which no key names any more."""
    definitions = request["AttributeDefinitions"]
    request["AttributeDefinitions"] = [each for each in definitions if each["AttributeName"] != attribute]


def without_index(request: Request) -> None:
    """As the seeds made it: without the index on `s3_key`."""
    del request["GlobalSecondaryIndexes"][1]
    undefined(request, "s3_key")


def without_order(request: Request) -> None:
    """An index that lost its range key."""
    del request["GlobalSecondaryIndexes"][0]["KeySchema"][1]
    undefined(request, "uploaded_at")


def with_keys_only(request: Request) -> None:
    """An index that holds only keys."""
    request["GlobalSecondaryIndexes"][0]["Projection"] = {"ProjectionType": "KEYS_ONLY"}


def with_index(kind: str) -> Callable[[Request], None]:
    """With an index that nobody declared."""

    def change(request: Request) -> None:
        request["AttributeDefinitions"].append({"AttributeName": "expiresAt", "AttributeType": "N"})
        keys = [{"AttributeName": "userId", "KeyType": "HASH"}, {"AttributeName": "expiresAt", "KeyType": "RANGE"}]
        index = {"IndexName": "by-expiry", "KeySchema": keys, "Projection": {"ProjectionType": "ALL"}}
        request[f"{kind}SecondaryIndexes"] = [index]

    return change


def deletion(index: str) -> str:
    """What the command that takes an index away ends with."""
    return "'" + json.dumps([{"Delete": {"IndexName": index}}]) + "'"


UNDECLARED = "the index `by-expiry` is not declared, and every write pays for it; "
WRONGS = [
    Wrong(
        "key of another name",
        USERS,
        renamed("user_id", "userId"),
        "its key is `userId` (S), not `user_id` (S); USERS_TABLE must name another table.",
    ),
    Wrong(
        "key of another type",
        AUTH_STATE,
        retyped("SK", "N"),
        "its key is `PK` (S) and `SK` (N), not `PK` (S) and `SK` (S); DYNAMODB_TABLE_NAME must name another table.",
    ),
    Wrong(
        "missing index",
        AUDIO_FILES,
        without_index,
        "the index `s3-key-index` on `s3_key` (S) is missing; `flask tables create --add-indexes` builds it.",
    ),
    Wrong(
        "index on another attribute",
        USERS,
        renamed("email", "mail"),
        f"the index `email-index` is on `mail` (S), not on `email` (S); {AGAIN}{deletion('email-index')}",
    ),
    Wrong(
        "index on an attribute of another type",
        AUDIO_FILES,
        retyped("uploaded_at", "S"),
        "the index `user-files-index` is on `user_id` (S) and `uploaded_at` (S), "
        f"not on `user_id` (S) and `uploaded_at` (N); {AGAIN}{deletion('user-files-index')}",
    ),
    Wrong(
        "index without its order",
        AUDIO_FILES,
        without_order,
        "the index `user-files-index` is on `user_id` (S), not on `user_id` (S) and `uploaded_at` (N); "
        + AGAIN
        + deletion("user-files-index"),
    ),
    Wrong(
        "index that holds too little",
        USERS,
        with_keys_only,
        f"the index `email-index` holds KEYS_ONLY of an item, not ALL; {AGAIN}{deletion('email-index')}",
    ),
    Wrong(
        "global index that nobody declared",
        OAUTH_TOKENS,
        with_index("Global"),
        UNDECLARED + "if nobody else needs it, take it away with: " + AGAIN.partition(": ")[2] + deletion("by-expiry"),
    ),
    Wrong(
        "local index that nobody declared",
        OAUTH_TOKENS,
        with_index("Local"),
        UNDECLARED + "it is local, so it goes only with its table.",
    ),
    Wrong(
        "no encryption with a KMS key",
        USERS,
        lambda request: request.pop("SSESpecification"),
        "encryption with a KMS key is off; `flask tables create` turns it on.",
    ),
    Wrong(
        "no protection",
        USERS,
        lambda request: request.update(DeletionProtectionEnabled=False),
        "deletion protection is off; `flask tables create` turns it on.",
    ),
]
