"""What there is to move, what would not go, and what it costs. Writes nothing."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from itertools import pairwise
from typing import Any

from psycopg.sql import SQL, Identifier

from migrations.columns import Columns
from migrations.faults import Unfit
from migrations.loading import UNITS, UNITS_OF_MARK
from migrations.mapping import AUDIO_FILES, USERS
from migrations.members import plain, seen_of
from migrations.rows import Row, Rules, file_of, kind_of_hash, user_of
from migrations.source import Source
from panzoto import costs
from panzoto.models.audio_file import AudioFile
from panzoto.models.user import User

# What a new table takes at once.
UNITS_PER_SECOND = 4000
ROWS_PER_MARK = 49
SHOWN = 20
BUCKETS = 256
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass
class Findings:
    """What one table holds."""

    rows: int = 0
    nulls: Counter[str] = field(default_factory=Counter)
    hashes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    odd_times: int = 0
    examples: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


def plan(source: Source, rules: Rules, units_per_second: float | None) -> dict[str, Any]:
    """All of it, by table."""
    emails = _Twice()
    users = _look(source, source.users, rules, emails)
    files = _look(source, source.audio_files, rules, emails)
    units = sum(UNITS[label] * (found.rows - found.reasons.total()) + UNITS_OF_MARK * -(-found.rows // ROWS_PER_MARK)
                for label, found in ((USERS, users), (AUDIO_FILES, files)))  # fmt: skip
    pace = units_per_second or UNITS_PER_SECOND
    return {
        "source": {"database": source.identity, "encoding": source.encoding, "at": source.at.isoformat()},
        USERS: {**_told(source.users, users), "emails_twice": emails.found(_emails(source, rules))},
        AUDIO_FILES: {
            **_told(source.audio_files, files),
            "without_a_person": _orphans(source),
            "s3_keys_twice": _twice(source),
        },
        "cost": {
            "write_units": units,
            "dollars": round(units * costs.WRITE, 2),
            "write_units_per_second": pace,
            "minutes": round(units / pace / 60, 1),
        },
    }


def _look(source: Source, columns: Columns, rules: Rules, emails: _Twice) -> Findings:
    """Read every row as the move would."""
    found = Findings()
    with source.rows(columns) as rows:
        for row in rows:
            made = _seen(found, columns, row, rules)
            if made is None:
                continue
            at = made.created_at if isinstance(made, User) else made.uploaded_at
            found.odd_times += not EARLIEST <= at <= source.at + timedelta(days=1)
            if isinstance(made, User):
                emails.add(made.email or "")
    return found


def _seen(found: Findings, columns: Columns, row: Row, rules: Rules) -> User | AudioFile | None:
    """Count a row, and give what it means; None if it cannot go."""
    found.rows += 1
    found.nulls.update(name for name, value in zip(columns.table.ours, row, strict=True) if value is None)
    if columns.table.label == USERS:
        found.hashes[kind_of_hash(row[2])] += 1
    try:
        return user_of(row, rules) if columns.table.label == USERS else file_of(row, rules)
    except Unfit as unfit:
        found.reasons[str(unfit)] += 1
        examples = found.examples.setdefault(str(unfit), [])
        if len(examples) < SHOWN:
            examples.append(seen_of(columns, row))
        return None


def _told(columns: Columns, found: Findings) -> dict[str, Any]:
    return {
        "table": columns.table.name,
        "rows": found.rows,
        "will_go": found.rows - found.reasons.total(),
        "cannot_go": dict(found.reasons.most_common()),
        "examples": found.examples,
        "nulls": dict(found.nulls),
        "times_before_2000_or_in_the_future": found.odd_times,
        "columns_left_alone": list(columns.others),
        **({"hashes": dict(found.hashes.most_common())} if columns.table.label == USERS else {}),
    }


def _emails(source: Source, rules: Rules) -> Iterator[tuple[str, str]]:
    """Every person who can be moved, with their email."""
    with source.rows(source.users) as rows:
        for row in rows:
            try:
                user = user_of(row, rules)
            except Unfit:
                continue
            yield user.user_id, user.email or ""


def _orphans(source: Source) -> int:
    """How many recordings are of nobody."""
    users, files = source.users.table, source.audio_files.table
    query = SQL(
        "SELECT count(*) FROM {files} f WHERE f.{owner} IS NOT NULL"
        " AND NOT EXISTS (SELECT 1 FROM {users} u WHERE u.{person}::text = f.{owner}::text)"
    ).format(
        files=source.audio_files.place,
        users=source.users.place,
        owner=Identifier(files.columns["user_id"]),
        person=Identifier(users.columns["user_id"]),
    )
    return int(source.ask(query)[0][0])


def _twice(source: Source) -> dict[str, Any]:
    """Keys that more than one recording names; they go, and the file goes with the last of them."""
    key = Identifier(source.audio_files.table.columns["s3_key"])
    groups = SQL("SELECT {key} AS k FROM {table} WHERE {key} IS NOT NULL GROUP BY {key} HAVING count(*) > 1").format(
        key=key, table=source.audio_files.place
    )
    count = source.ask(SQL("SELECT count(*) FROM ({}) g").format(groups))[0][0]
    shown = source.ask(SQL("SELECT k::text FROM ({}) g ORDER BY 1 LIMIT 20").format(groups))
    return {"keys": int(count), "first": [plain(each[0]) for each in shown]}


class _Twice:
    """Finds what is there twice, in eight bytes for each: then only those are read again."""

    def __init__(self) -> None:
        self._buckets = [array("Q") for _ in range(BUCKETS)]

    def add(self, text: str) -> None:
        """Remember a text."""
        digest = _digest(text)
        self._buckets[digest % BUCKETS].append(digest)

    def found(self, again: Iterator[tuple[str, str]]) -> dict[str, Any]:
        """The texts that are there twice, and whose; the rows are gone through again only if there are any."""
        suspects: set[int] = set()
        for bucket in self._buckets:
            ordered = sorted(bucket)
            suspects.update(a for a, b in pairwise(ordered) if a == b)
        owners: dict[str, list[str]] = {}
        for owner, text in again if suspects else ():
            if _digest(text) in suspects:
                owners.setdefault(text, []).append(owner)
        twice = {text: whose for text, whose in owners.items() if len(whose) > 1}
        return {"emails": len(twice), "first": dict(sorted(twice.items())[:SHOWN])}


def _digest(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest())
