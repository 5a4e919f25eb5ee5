"""The mark by which a write knows itself again: our own, whose answer was lost, is told from somebody else's."""

from __future__ import annotations

import secrets

from .expressions import Attr, Condition
from .gateway import ConditionFailed
from .wire import Item

WRITE_MARK = "writeMark"
BYTES = 9


def new() -> dict[str, str]:
    """The attribute that marks one write."""
    return {WRITE_MARK: secrets.token_urlsafe(BYTES)}


def not_yet(mark: dict[str, str], when: Condition | None) -> Condition:
    """That the marked write has not happened, and `when` besides."""
    first = Attr(WRITE_MARK).not_exists() | Attr(WRITE_MARK).ne(mark[WRITE_MARK])
    return first if when is None else when & first


def own(failure: ConditionFailed, mark: dict[str, str]) -> Item | None:
    """The item, if the condition failed because an earlier attempt of the marked write had succeeded."""
    return failure.item if failure.item and failure.item.get(WRITE_MARK) == mark[WRITE_MARK] else None
