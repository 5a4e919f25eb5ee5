"""How the old database names what the seed names: the mapping file, in TOML."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from migrations.faults import Stopped

USERS, AUDIO_FILES = "users", "audio_files"
# The seed's tables; the first column of each is its key, the last its time.
COLUMNS = {
    USERS: ("user_id", "email", "password_hash", "key_salt", "created_at"),
    AUDIO_FILES: ("file_id", "user_id", "s3_key", "file_size", "uploaded_at"),
}
REJECT, WITHOUT = "reject", "without"
KNOWN = frozenset({"zone", "unreadable_hashes", *COLUMNS})


@dataclass(frozen=True)
class TableMapping:
    """One table of the old database: its name, and its names for the seed's columns. Other columns are left alone."""

    label: str
    name: str
    columns: Mapping[str, str]

    @property
    def ours(self) -> tuple[str, ...]:
        """The seed's names, in order."""
        return COLUMNS[self.label]

    @property
    def key(self) -> str:
        """The column that rows are read in the order of."""
        return self.columns[self.ours[0]]

    @property
    def time(self) -> str:
        """The column that tells when a row was made."""
        return self.columns[self.ours[-1]]


@dataclass(frozen=True)
class Names:
    """The whole mapping. Without a file it is the seed's own schema, with times in UTC."""

    users: TableMapping
    audio_files: TableMapping
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    drop_unreadable_hashes: bool = False

    @classmethod
    def read(cls, path: Path | None) -> Self:
        """The mapping of a file; `Stopped` when there is something in it that is not understood."""
        given = _parsed(path) if path else {}
        if strange := sorted(set(given) - KNOWN):
            raise Stopped(f"The mapping file has {', '.join(strange)}, which mean nothing here.")
        hashes = given.get("unreadable_hashes", REJECT)
        if hashes not in (REJECT, WITHOUT):
            raise Stopped(f'unreadable_hashes must be "{REJECT}" or "{WITHOUT}" in the mapping file.')
        return cls(_table(USERS, given), _table(AUDIO_FILES, given), _zone(given.get("zone", "UTC")), hashes == WITHOUT)


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise Stopped(f"The mapping file {path} cannot be read: {fault}.") from None


def _zone(name: object) -> ZoneInfo:
    try:
        return ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Stopped(f"zone must be a time zone such as Europe/Berlin in the mapping file, not {name}.") from None


def _table(label: str, given: Mapping[str, Any]) -> TableMapping:
    section = given.get(label, {})
    if not isinstance(section, dict) or not all(isinstance(each, str) for each in section.values()):
        raise Stopped(f"[{label}] in the mapping file must give names in quotes.")
    ours = COLUMNS[label]
    if strange := sorted(set(section) - {"table", *ours}):
        raise Stopped(f"[{label}] in the mapping file has {', '.join(strange)}; it may have table, {', '.join(ours)}.")
    return TableMapping(label, section.get("table", label), {name: section.get(name, name) for name in ours})
