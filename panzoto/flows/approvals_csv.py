"""Approvals as CSV, row by row: what is wrong with one takes nothing from the others."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import zip_longest
from typing import TYPE_CHECKING

import formats
from panzoto.errors import InvalidRequest

from ._approving import Wanted

if TYPE_CHECKING:
    from _csv import Reader

COLUMNS = ("email", "expires_at", "company", "reason", "notes", "approved_by")


ABOUT = ("company", "reason", "notes")


@dataclass(frozen=True)
class Row:
    """One row: where it stands, what it says by column, and what is wrong with it."""

    where: str
    says: dict[str, str] = field(default_factory=dict)
    fault: str | None = None


def rows(lines: Iterable[str], name: str) -> Iterator[Row]:
    """The rows of a CSV. One whose columns mean nothing here is refused in one sentence, by its name."""
    reader = csv.reader(lines, strict=True)
    yield from _below(reader, _columns(name, reader))


def approval_of(row: Row) -> Wanted:
    """What a row asks for; `InvalidRequest` says what is wrong with it."""
    if row.fault:
        raise InvalidRequest(row.fault)
    says = row.says
    until = says.get("expires_at")
    about = {name: says[name] for name in ABOUT if says.get(name)}
    return Wanted(says["email"], moment(until) if until else None, about)


def moment(text: str, what: str = "the end") -> datetime:
    """A day or a time, as UTC; whoever gave another is told of what."""
    try:
        return formats.moment(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidRequest(f"{what} must be a day or a time such as 2027-01-31 or 2027-01-31T12:00:00Z") from None


def _columns(name: str, reader: Reader) -> list[str]:
    """The columns that the first line names."""
    try:
        named = [each.strip().lower() for each in next(filter(None, reader), [])]
    except csv.Error as fault:
        raise InvalidRequest(f"{name} is not a CSV file: {fault}.") from None
    if "email" not in named:
        raise InvalidRequest(f"{name} must begin with a line of columns in UTF-8, of which one is email.")
    if len(set(named)) < len(named):
        raise InvalidRequest(f"{name} names a column twice.")
    if not set(named) <= set(COLUMNS):  # a mistyped expires_at would let people in for ever
        raise InvalidRequest(f"{name} must have no columns but {', '.join(COLUMNS)}.")
    return named


def _below(reader: Reader, columns: list[str]) -> Iterator[Row]:
    while True:
        first = reader.line_num + 1
        try:
            fields = next(reader, None)
        except csv.Error as fault:
            yield Row(_where(first, reader.line_num), fault=f"it is not CSV: {fault}")
            continue
        if fields is None:
            return
        if fields:
            yield _row(_where(first, reader.line_num), columns, fields)


def _where(first: int, last: int) -> str:
    """The lines that a row stands in: a quote that nobody has closed takes many."""
    return f"line {first}" if first == last else f"lines {first} to {last}"


def _row(where: str, columns: list[str], fields: list[str]) -> Row:
    if len(fields) > len(columns):
        return Row(where, fault="it has more fields than there are columns")
    says = dict(zip_longest(columns, (each.strip() for each in fields), fillvalue=""))
    if not _is_text("".join(fields)):
        return Row(where, fault="it is not UTF-8")
    return Row(where, says, fault=None if says["email"] else "it has no email")


def _is_text(fields: str) -> bool:
    """Whether all of it was text: what was not is a surrogate, or the sign that some programs put in its place."""
    return not any("\ud800" <= each <= "\udfff" or each == "\ufffd" for each in fields)
