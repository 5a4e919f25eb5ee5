"""From a row to the writes that move it: those that the application makes, under conditions that lose nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from migrations.columns import Columns, KeyValue
from migrations.faults import Unfit
from migrations.mapping import USERS
from migrations.moved import KEPT, REJECTED
from migrations.rows import Row, Rules, file_of, user_of
from panzoto.deps import Deps
from panzoto.models.audio_file import to_item as item_of_file
from panzoto.models.store.expressions import Attr, fixed
from panzoto.models.store.transaction import Member
from panzoto.models.store.wire import Item

OWNER_THERE = fixed(Attr("user_id").exists() & Attr("deleting_at").not_exists())
NEW_FILE = fixed(Attr("file_id").not_exists())
# What stood in the way of a row: a member's number among the row's own, and the item that was there.
Obstacles = dict[int, Item | None]
Outcome = tuple[str, str]


@dataclass(frozen=True)
class Fit:
    """A row that can be moved, and the members of a transaction that do it.

    `names` has the item that each member is about, of which a transaction takes but one; `claim` is what no two rows
    may have. `judge` says what becomes of the row when something stood in the way.
    """

    key: KeyValue
    row_id: str
    members: tuple[Member, ...]
    names: tuple[str, ...]
    claim: str | None
    judge: Callable[[Obstacles], Outcome]


def fit(deps: Deps, columns: Columns, row: Row, rules: Rules) -> Fit:
    """What moves a row; `Unfit` for one that cannot be moved."""
    build = _of_user if columns.table.label == USERS else _of_file
    return build(deps, columns.key_of(row[0]), row, rules)


def _of_user(deps: Deps, key: KeyValue, row: Row, rules: Rules) -> Fit:
    """A person and the claim of the email, as a registration writes them."""
    user = user_of(row, rules)
    email = user.email or ""
    members = (deps.emails.claiming(email, user.user_id), deps.users.creating(user))

    def judge(obstacles: Obstacles) -> Outcome:
        claim = obstacles.get(0)
        if 0 in obstacles and (claim or {}).get("user_id") != user.user_id:
            owner = (claim or {}).get("user_id", "somebody")
            return REJECTED, f"email belongs to {owner} already"
        if 1 in obstacles:
            return KEPT, "the person is there already"
        return REJECTED, "the email's claim is there, and the person is not"

    return Fit(key, user.user_id, members, (f"claim {email}", f"person {user.user_id}"), email, judge)


def _of_file(deps: Deps, key: KeyValue, row: Row, rules: Rules) -> Fit:
    """A recording, if its person is there: whoever was deleted here since stays so, with all that was theirs."""
    file = file_of(row, rules)
    members = (
        deps.users.checking({"user_id": file.user_id}, when=OWNER_THERE),
        deps.audio_files.putting(item_of_file(file), when=NEW_FILE),
    )

    def judge(obstacles: Obstacles) -> Outcome:
        there = obstacles.get(1)
        if there is not None and there["user_id"] != file.user_id:
            return REJECTED, "file_id is another person's here"
        if 1 in obstacles:
            return KEPT, "the recording is there already"
        return REJECTED, f"the person {file.user_id} is not here: rejected, deleted, or never there"

    return Fit(key, file.file_id, members, (f"owner {file.user_id}", f"file {file.file_id}"), None, judge)


def seen_of(columns: Columns, row: Row) -> dict[str, Any]:
    """What may be shown of a row that cannot be moved: nothing secret."""
    shown: Sequence[str] = [name for name in columns.table.ours if name not in {"password_hash", "key_salt"}]
    values = dict(zip(columns.table.ours, row, strict=True))
    return {name: None if values[name] is None else plain(str(values[name])) for name in shown}


def plain(text: str) -> str:
    """Text that can be written down, whatever bytes it was made of."""
    return text.encode("utf-8", "backslashreplace").decode()


__all__ = ["Fit", "Obstacles", "Outcome", "Unfit", "fit", "seen_of"]
