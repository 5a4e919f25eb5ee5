"""Which rows of a later pass are new here: not there, and not deleted here since they were moved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from migrations.chunks import Chunk
from migrations.columns import Columns
from migrations.mapping import USERS
from migrations.members import Fit
from migrations.moved import KEPT
from migrations.rows import Row
from panzoto.deps import Deps

Fits = list[tuple[Fit, Row]]
DELETED = {"users": "deleted", "audio_files": "audio_deleted"}


def only_new(deps: Deps, columns: Columns, chunk: Chunk, outcomes: Counter[str]) -> Chunk:
    """The chunk without rows that are there, or whose deletion here was recorded; it leaves no mark."""
    new = Chunk(None, rejects=chunk.rejects)
    for fit, row in news(deps, columns, chunk.fits):
        new.add(fit, row)
    outcomes[KEPT] += len(chunk.fits) - len(new.fits)
    return new


def news(deps: Deps, columns: Columns, fits: Fits) -> Fits:
    """The rows that are not there, and whose deletion here was not recorded.

    First what is there is read, then what was recorded: an item that a deletion has taken away by then was recorded
    before, so that nobody comes back.
    """
    there = ids_there(deps, columns, (fit.row_id for fit, _ in fits))
    return [
        (fit, row)
        for fit, row in fits
        if fit.row_id not in there and not was_deleted(deps, columns, fit.row_id, _owner(columns, fit, row))
    ]


def ids_there(deps: Deps, columns: Columns, ids: Iterable[str]) -> set[str]:
    """Which of those ids there are items of."""
    table = deps.users if columns.table.label == USERS else deps.audio_files
    key = columns.table.ours[0]
    return {item[key] for item in table.get_many([{key: each} for each in ids])}


def was_deleted(deps: Deps, columns: Columns, row_id: str, owner: str) -> bool:
    """Whether it was recorded that a person, or a recording of theirs, was deleted here."""
    for event in deps.audit.all_of(owner):
        if event["action"] == DELETED[USERS]:
            return True
        if event["action"] == DELETED[columns.table.label] and event.get("details", {}).get("file_id") == row_id:
            return True
    return False


def _owner(columns: Columns, fit: Fit, row: Row) -> str:
    return fit.row_id if columns.table.label == USERS else str(row[1])
