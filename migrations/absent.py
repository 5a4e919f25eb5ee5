"""Who and what is not here: why a row has no item, and which recordings have no person."""

from __future__ import annotations

from collections.abc import Iterable

from migrations.columns import Columns
from migrations.comparing import looks_moved
from migrations.mapping import USERS
from migrations.members import Obstacles, fit
from migrations.rows import Row, Rules
from panzoto.deps import Deps
from panzoto.models.store.wire import Item


def refusal(deps: Deps, columns: Columns, row: Row, rules: Rules, there: Item | None) -> str | None:
    """The reason that a run gives for such a row; None if it would move it. `there` is what has its id.

    So nobody needs the `rejects.jsonl` of the machine that ran: rows and items say the same again.
    """
    made = fit(deps, columns, row, rules)
    standing = _claim(deps, made.row_id, made.claim or "") if columns.table.label == USERS else _owner(deps, row, there)
    return made.judge(standing)[1] if standing else None


def _claim(deps: Deps, user_id: str, email: str) -> Obstacles:
    """The claim of the email, if another person has it, who is here."""
    claim = deps.emails.find(email)
    if claim is None or claim["user_id"] == user_id:
        return {}
    return {0: claim} if deps.users.get({"user_id": claim["user_id"]}) else {}


def _owner(deps: Deps, row: Row, there: Item | None) -> Obstacles:
    """The person, if they are not here or are going; or the recording of another that has the id, if made here."""
    owner = deps.users.get({"user_id": str(row[1])})
    if owner is None or "deleting_at" in owner:
        return {0: owner}
    return {1: there} if there is not None and not looks_moved("audio_files", there) else {}


def without_person(deps: Deps, recordings: Iterable[Item]) -> list[Item]:
    """Recordings that are here, and whose person is not. Recordings are deleted first: both are looked at again."""
    found = list(recordings)
    owners = {item["user_id"] for item in found}
    there = {item["user_id"] for item in deps.users.get_many([{"user_id": each} for each in owners])}
    lonely = [{"file_id": item["file_id"]} for item in found if item["user_id"] not in there]
    return deps.audio_files.get_many(lonely) if lonely else []
