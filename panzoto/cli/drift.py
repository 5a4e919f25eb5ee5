"""How a table that exists differs from its declaration, a sentence for each difference. Pure: it asks nobody."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace

from panzoto.models.spec import Index, TableSpec

from . import schema
from .live import USABLE, Live, declared, shown
from .schema import Call

CREATE, ADD_INDEXES = "`flask tables create`", "`flask tables create --add-indexes`"
# What a TTL in the wrong place takes away: DynamoDB deletes the item, not the attribute.
LOST = {
    "users": "the person",
    "audio_files": "the record of a recording",
    "approved_emails": "the approval",
    "oauth_tokens": "a person's grant with its refresh token",
}


@dataclass(frozen=True)
class Finding:
    """A difference, in a sentence. `mend` puts it right, and `done` says so; a `note` is no difference."""

    sentence: str
    mend: Call | None = None
    done: str = ""
    slow: bool = False
    note: bool = False


def findings(spec: TableSpec, live: Live, kms_key: str | None) -> list[Finding]:
    """Everything in which a table differs from its declaration, and what is worth knowing besides."""
    name = live.name
    if live.status not in USABLE:
        return [Finding(f"{name}: it is {live.status} and answers nobody until it is ACTIVE.")]
    found = [*_indexes(spec, live), *_ttl(spec, live), *_recovery(live), *_encryption(live, kms_key)]
    found += [*_protection(live), *_capacity(live)]
    wants = declared(spec.hash, spec.range)
    if live.keys == wants:
        return found
    # a table with another key was made for something else: nothing of it is changed
    sentence = f"{name}: its key is {shown(live.keys)}, not {shown(wants)}; {spec.variable} must name another table."
    return [Finding(sentence), *(replace(each, mend=None) for each in found)]


def _indexes(spec: TableSpec, live: Live) -> Iterator[Finding]:
    for index in spec.indexes:
        if index.name in live.indexes:
            yield from _index(live, index)
        else:
            key = shown(declared(index.hash, index.range))
            yield Finding(
                f"{live.name}: the index `{index.name}` on {key} is missing; {ADD_INDEXES} builds it.",
                schema.addition(live.name, index, live.capacity),
                f"{live.name}: the index `{index.name}` is added.",
                slow=True,
            )
    for name in sorted(live.indexes.keys() - {index.name for index in spec.indexes}):
        sentence = f"{live.name}: the index `{name}` is not declared, and every write pays for it"
        if "IndexStatus" in live.indexes[name]:
            yield Finding(f"{sentence}; if nobody else needs it, take it away with: {_deletion(live.name, name)}")
        else:
            yield Finding(f"{sentence}; it is local, so it goes only with its table.")


def _index(live: Live, index: Index) -> Iterator[Finding]:
    found = live.indexes[index.name]
    has, wants = live.keys_of(found["KeySchema"]), declared(index.hash, index.range)
    projection, status = found["Projection"]["ProjectionType"], found.get("IndexStatus", "ACTIVE")
    again = f"run {ADD_INDEXES} after: {_deletion(live.name, index.name)}"
    if has != wants:
        yield Finding(f"{live.name}: the index `{index.name}` is on {shown(has)}, not on {shown(wants)}; {again}")
    if projection != "ALL":
        yield Finding(f"{live.name}: the index `{index.name}` holds {projection} of an item, not ALL; {again}")
    if status not in USABLE:
        yield Finding(f"{live.name}: the index `{index.name}` is {status} and answers nobody until it is ACTIVE.")


def _deletion(name: str, index: str) -> str:
    updates = json.dumps([{"Delete": {"IndexName": index}}])
    return f"aws dynamodb update-table --table-name {name} --global-secondary-index-updates {shlex.quote(updates)}"


def _ttl(spec: TableSpec, live: Live) -> Iterator[Finding]:
    if live.ttl is None:
        if spec.ttl:
            yield _unknown("TTL")
        return
    status, attribute = live.ttl.get("TimeToLiveStatus", "DISABLED"), live.ttl.get("AttributeName", "")
    if status in {"ENABLED", "ENABLING"}:
        if attribute != spec.ttl:
            yield Finding(_misplaced(spec, live.name, attribute))
    elif spec.ttl and status == "DISABLING":
        yield Finding(f"{live.name}: TTL is being turned off; in an hour {CREATE} can turn it on, on `{spec.ttl}`.")
    elif spec.ttl:
        yield Finding(
            f"{live.name}: TTL is off, not on `{spec.ttl}`; {CREATE} turns it on.",
            schema.expiry(live.name, spec.ttl),
            f"{live.name}: TTL on `{spec.ttl}` is turned on.",
        )


def _misplaced(spec: TableSpec, name: str, attribute: str) -> str:
    off = shlex.quote(f"Enabled=false,AttributeName={attribute}")
    command = f"aws dynamodb update-time-to-live --table-name {name} --time-to-live-specification {off}"
    if spec.ttl:
        return f"{name}: TTL is on `{attribute}`, not on `{spec.ttl}`; run {CREATE} an hour after: {command}"
    danger = f"once that time has passed DynamoDB deletes the whole item, {LOST.get(spec.label, 'the record')}"
    return f"{name}: TTL is on `{attribute}` where none may be: {danger}; turn it off with: {command}"


def _recovery(live: Live) -> Iterator[Finding]:
    if live.recovery is None:
        yield _unknown("Point-in-time recovery")
    elif not live.recovery:
        yield Finding(
            f"{live.name}: point-in-time recovery is off; {CREATE} turns it on.",
            schema.recovery(live.name),
            f"{live.name}: point-in-time recovery is turned on.",
        )


def _encryption(live: Live, kms_key: str | None) -> Iterator[Finding]:
    has = live.description.get("SSEDescription") or {}
    if has.get("Status") in {"ENABLED", "ENABLING", "UPDATING"}:
        if kms_key and has.get("KMSMasterKeyArn") != kms_key:
            other = f"{has.get('KMSMasterKeyArn')}, not with {kms_key}"
            yield Finding(f"{live.name}: it is encrypted with {other}, which TABLES_KMS_KEY_ARN names.")
    elif live.recovery is None:  # an emulator: what cannot go back in time has no KMS either
        yield _unknown("Encryption with a KMS key")
    else:
        yield Finding(
            f"{live.name}: encryption with a KMS key is off; {CREATE} turns it on.",
            schema.encryption(live.name, kms_key),
            f"{live.name}: encryption with a KMS key is turned on.",
        )


def _protection(live: Live) -> Iterator[Finding]:
    if live.description.get("DeletionProtectionEnabled"):
        return
    if live.recovery is None:
        yield _unknown("Deletion protection")
    else:
        yield Finding(
            f"{live.name}: deletion protection is off; {CREATE} turns it on.",
            schema.protection(live.name),
            f"{live.name}: deletion protection is turned on.",
        )


def _capacity(live: Live) -> Iterator[Finding]:
    if live.capacity:
        yield Finding(f"{live.name}: capacity is provisioned, not on demand; that is yours to choose.", note=True)


def _unknown(what: str) -> Finding:
    return Finding(f"{what} is not supported by this endpoint, so it is neither checked nor turned on.", note=True)
