"""Every table, declared once: what `create-table`, Terraform, IAM, the docs and the tests are derived from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from panzoto.errors import UndeclaredOperation

from .store.wire import size

Type = Literal["S", "N"]

# The most bytes of the first and of the second part of a key.
LONGEST = (2048, 1024)


def fits(*parts: str) -> bool:
    """Whether a key, of a table or of an index, can have these parts; for any other DynamoDB refuses even to look."""
    return all(0 < size(part) <= longest for part, longest in zip(parts, LONGEST, strict=False))


@dataclass(frozen=True)
class Key:
    """An attribute that a table or an index is found by."""

    name: str
    type: Type = "S"


@dataclass(frozen=True)
class Index:
    """A global secondary index: it finds, it never makes unique, and it is never consistent."""

    name: str
    hash: Key
    range: Key | None = None
    purpose: str = ""


@dataclass(frozen=True)
class TableSpec:
    """One table: its name's variable, its keys, its indexes, its TTL, and the operations that are permitted on it."""

    label: str
    variable: str
    default_name: str
    purpose: str
    hash: Key
    range: Key | None = None
    indexes: tuple[Index, ...] = ()
    ttl: str | None = None
    operations: frozenset[str] = frozenset()
    operator_operations: frozenset[str] = frozenset({"Scan"})
    items: tuple[tuple[str, str], ...] = ()

    @property
    def keys(self) -> tuple[Key, ...]:
        """The primary key."""
        return (self.hash, self.range) if self.range else (self.hash,)

    def can_hold(self, key: Mapping[str, Any]) -> bool:
        """Whether there can be an item of that key; for any other DynamoDB refuses even to look."""
        parts = zip((key.get(part.name) for part in self.keys), LONGEST, strict=False)
        return all(not isinstance(part, str) or 0 < size(part) <= longest for part, longest in parts)

    @property
    def attributes(self) -> tuple[Key, ...]:
        """Every attribute that a key or an index names, each once."""
        named = [*self.keys]
        for index in self.indexes:
            named += [index.hash, index.range] if index.range else [index.hash]
        return tuple(dict.fromkeys(named))

    def position(self, index: str | None) -> tuple[str, ...]:
        """The attributes that say where in the table, or in an index, a list goes on."""
        found_by = self.index(index) if index else None
        keys = [*self.keys, *((found_by.hash, found_by.range) if found_by else ())]
        return tuple(dict.fromkeys(key.name for key in keys if key))

    def index(self, name: str) -> Index:
        """The index of that name."""
        for index in self.indexes:
            if index.name == name:
                return index
        raise UndeclaredOperation(f"there is no index {name} in the declaration of {self.label}")


USERS = TableSpec(
    label="users",
    variable="USERS_TABLE",
    default_name="panzoto-users",
    purpose="People: who they are, how they sign in, and their wrapped audio key.",
    hash=Key("user_id"),
    indexes=(Index("email-index", Key("email"), purpose="Find a person by email."),),
    operations=frozenset({"GetItem", "PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem"}),
    operator_operations=frozenset({"Scan", "BatchGetItem"}),
)

AUDIO_FILES = TableSpec(
    label="audio_files",
    variable="AUDIO_FILES_TABLE",
    default_name="panzoto-audio-files",
    purpose="One record for each encrypted recording in S3.",
    hash=Key("file_id"),
    indexes=(
        Index("user-files-index", Key("user_id"), Key("uploaded_at", "N"), "A person's recordings, newest first."),
        Index("s3-key-index", Key("s3_key"), purpose="Find a recording by its place in S3."),
    ),
    items=(
        ("<file_id>, with uploaded_at", "The record of a recording; the only kind that is in the indexes."),
        ("<file_id>, with started_at", "An upload that was begun and not yet recorded: its place, size and parts."),
        (
            "<file_id>, with deleting_at",
            "What is being deleted, until its object is gone; `flask audio sweep` finishes.",
        ),
    ),
    operations=frozenset({"GetItem", "BatchGetItem", "Query", "PutItem", "DeleteItem", "BatchWriteItem"}),
)

AUTH_STATE = TableSpec(
    label="auth_state",
    variable="DYNAMODB_TABLE_NAME",
    default_name="panzoto-auth-state",
    purpose="Claims that make unique, and everything that is short-lived: codes, refresh tokens, limits.",
    hash=Key("PK"),
    range=Key("SK"),
    ttl="TTL",
    items=(
        ("USER#<phone>", "The claim of a phone number, and the person it belongs to."),
        ("EMAIL#<email>", "The claim of an email, and the person it belongs to."),
        ("IDENTITY#<iss>#<sub>", "The claim of an identity at another provider."),
        ("OTP#<phone>", "A phone code that was sent: its hash, its expiry, the guesses spent."),
        ("OTP_TEST#<phone>", "The code in clear; only with OTP_TEST_MODE, which production refuses."),
        ("REFRESH_TOKEN#<FamilyID>", "The lineage of a session's refresh tokens."),
        ("REVOKED_TOKEN#<jti>", "An access token that was ended before its time."),
        ("RATE#<limit>#<subject>#<window>", "The count of a rate limit in one window of time."),
        (
            "AUDIO_JOB#<kind>#<file_id>",
            "A recording that is decrypted or transcribed after the answer: who does it, until when; its key by KMS.",
        ),
        ("AUDIO_QUEUE", "The jobs that are not finished, by `<kind>#<file_id>` in `SK`: here workers find them."),
        ("OAUTH_STATE#<digest>", "A sign-in by another provider that is under way, by its state."),
        ("OAUTH_STATE#handoff#<digest>", "What a browser has brought back for an app; its tokens are sealed."),
        ("OAUTH_STATE#id-token#<digest>", "An id token that an app has brought, so that it works once."),
        ("FIGURES", "What was counted on a day (`DAY#<day>` in `SK`), and what there is altogether (`TOTAL`)."),
        ("ADMINS", "Everybody who may act as an administrator, so that the last is known; no TTL."),
        (
            "MIGRATION#<database>/<table>#<label>",
            "Rows that were moved here, from one key up to another; when the first run began (`RUN` in `SK`); no TTL.",
        ),
    ),
    operations=frozenset({"GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"}),
)

AUTH_TOKENS = TableSpec(
    label="auth_tokens",
    variable="AUTH_TOKENS_TABLE",
    default_name="panzoto-auth-tokens",
    purpose="Sessions, and tokens that work once: magic links, password resets, email verifications.",
    hash=Key("tokenId"),
    indexes=(
        Index("email-index", Key("email"), Key("createdAt", "N"), "A person's recent activity, newest first."),
        Index("userId-tokenType-index", Key("userId"), Key("tokenType"), "A person's sessions."),
    ),
    ttl="expiresAt",
    operations=frozenset({"GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"}),
)

APPROVED_EMAILS = TableSpec(
    label="approved_emails",
    variable="APPROVED_EMAILS_TABLE",
    default_name="panzoto-approved-emails",
    purpose="Emails that may register, who approved them, and until when.",
    hash=Key("email"),
    indexes=(
        Index("list-index", Key("listed"), Key("email"), "Every approval by email, or those that begin alike."),
        Index("domain-index", Key("domain"), Key("email"), "The approvals of a domain."),
    ),
    operations=frozenset({"GetItem", "Query", "PutItem", "DeleteItem"}),
    operator_operations=frozenset({"Scan", "UpdateItem"}),
)

OAUTH_TOKENS = TableSpec(
    label="oauth_tokens",
    variable="DYNAMODB_OAUTH_TABLE",
    default_name="panzoto-oauth-tokens",
    purpose="The vault: tokens of other providers, sealed. `expiresAt` is data here; a TTL on it would lose the grant.",
    hash=Key("userId"),
    range=Key("provider"),
    operations=frozenset({"GetItem", "Query", "UpdateItem", "BatchWriteItem"}),
)

OAUTH_LOGS = TableSpec(
    label="oauth_logs",
    variable="DYNAMODB_OAUTH_LOGS_TABLE",
    default_name="panzoto-oauth-tokens-logs",
    purpose="Every step of every OAuth flow.",
    hash=Key("userId"),
    range=Key("timestamp"),
    indexes=(Index("flow-index", Key("flowId"), Key("timestamp"), "The steps of one flow, in order."),),
    ttl="ttl",
    operations=frozenset({"Query", "BatchWriteItem"}),
)

AUDIT_EVENTS = TableSpec(
    label="audit_events",
    variable="AUDIT_EVENTS_TABLE",
    default_name="panzoto-audit-events",
    purpose="Who did what, when and from where. `at` is a time and a random tail, so that no two events are one.",
    hash=Key("subject"),
    range=Key("at"),
    indexes=(
        Index(
            "feed-index",
            Key("feed"),
            Key("at"),
            "Newest first across subjects; `feed` is the day and one of several shards, so that no partition runs hot.",
        ),
        Index(
            "actor-index",
            Key("acted_by"),
            Key("at"),
            "What somebody did to others; `acted_by` is left out where people act for themselves.",
        ),
    ),
    ttl="ttl",
    operations=frozenset({"Query", "PutItem", "BatchWriteItem"}),
)

TABLES: tuple[TableSpec, ...] = (
    USERS,
    AUDIO_FILES,
    AUTH_STATE,
    AUTH_TOKENS,
    APPROVED_EMAILS,
    OAUTH_TOKENS,
    OAUTH_LOGS,
    AUDIT_EVENTS,
)
