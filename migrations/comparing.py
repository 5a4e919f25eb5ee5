"""One row against what is here of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson

from migrations.mapping import USERS
from migrations.rows import kind_of_hash
from panzoto.models.audio_file import AudioFile
from panzoto.models.audio_file import to_item as item_of_file
from panzoto.models.store.wire import Item, encode_item
from panzoto.models.user import User
from panzoto.models.user import to_item as item_of_user

SAME, CHANGED_HERE, DELETED_HERE, REJECTED = "same", "changed_here", "deleted_here", "rejected"
# What the application never changes of a person or a recording; and what the attributes of a migrated person are.
FIXED = {USERS: ("user_id", "created_at", "created_at_iso"), "audio_files": ("file_id", "user_id")}
AS_MOVED = frozenset({"user_id", "email", "password_hash", "key_salt", "created_at", "created_at_iso", "session_epoch"})


@dataclass(frozen=True)
class Difference:
    """Something that is not as it must be."""

    table: str
    row_id: str
    problem: str


def wanted(made: User | AudioFile) -> Item:
    """The item that a row means."""
    return item_of_user(made) if isinstance(made, User) else item_of_file(made)


def digest(item: Mapping[str, Any]) -> bytes:
    """The digest of an item, the same for the same item."""
    return sha256(orjson.dumps(encode_item(item), default=bytes.hex, option=orjson.OPT_SORT_KEYS)).digest()


def compare(label: str, expected: Item, found: Item) -> str | None:
    """`same`, `changed_here`, or None for a difference that nothing explains."""
    if digest(expected) == digest(found):
        return SAME
    touched = _person_touched(found) if label == USERS else "deleting_at" in found
    fixed = all(expected[name] == found.get(name) for name in FIXED[label])
    return CHANGED_HERE if touched and fixed else None


def _person_touched(item: Item) -> bool:
    """Whether the application has written to a person since: each of its writes leaves something behind."""
    return bool(set(item) - AS_MOVED) or item.get("session_epoch", 0) > 0


def looks_moved(label: str, item: Item) -> bool:
    """Whether an item that no row explains looks as if the move had written it, and nobody since."""
    if label == USERS:
        return not _person_touched(item)
    return "uploaded_at" in item and not {"filename", "content_type"} & set(item)


def names_differing(expected: Item, found: Item) -> str:
    """Which attributes differ."""
    names = sorted(name for name in {*expected, *found} if expected.get(name) != found.get(name))
    return ", ".join(names)


def can_sign_in(item: Item) -> bool:
    """Whether the hash of a person can be read, with parameters within bounds; or there is none to be read."""
    return not kind_of_hash(item.get("password_hash")).startswith("unreadable")
