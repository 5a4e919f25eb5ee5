"""A policy of IAM as AWS reads it, as far as ours go: what it permits, and which of its grants it was for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from .actions import Need

Statement = Mapping[str, Any]


@dataclass(frozen=True)
class Grant:
    """One action on one resource of a statement."""

    sid: str
    action: str
    resource: str


class Policy:
    """The statements of one policy, or of several."""

    def __init__(self, *documents: str) -> None:
        self._statements: list[Statement] = [each for text in documents for each in json.loads(text)["Statement"]]
        assert all(each["Effect"] == "Allow" for each in self._statements)

    def grants(self) -> set[Grant]:
        """Everything that it grants, apart."""
        return {
            Grant(each["Sid"], action, resource)
            for each in self._statements
            for action in each["Action"]
            for resource in _listed(each.get("Resource", each.get("NotResource")))
        }

    def used_by(self, need: Need) -> set[Grant]:
        """The grants that permit it; none where it is denied."""
        return {grant for each in self._statements if _meets(each, need) for grant in _matching(each, need)}


def _matching(statement: Statement, need: Need) -> Iterator[Grant]:
    if need.action not in statement["Action"]:
        return
    if "NotResource" in statement:
        others = _listed(statement["NotResource"])
        if not any(_is_like(each, need.resource) for each in others):
            yield from (Grant(statement["Sid"], need.action, each) for each in others)
        return
    for each in _listed(statement["Resource"]):
        if _is_like(each, need.resource):
            yield Grant(statement["Sid"], need.action, each)


def _meets(statement: Statement, need: Need) -> bool:
    """Whether every condition holds; one that we do not know is a fault, and not a yes."""
    context = dict(need.context)
    return all(
        CONDITIONS[operator](context.get(name), _listed(wanted))
        for operator, keys in statement.get("Condition", {}).items()
        for name, wanted in keys.items()
    )


Condition = Callable[[tuple[str, ...] | None, list[str]], bool]
CONDITIONS: dict[str, Condition] = {
    "StringEquals": lambda has, wanted: has is not None and set(has) <= set(wanted),
    # of a call that has no such values it holds, as AWS has it
    "ForAllValues:StringEquals": lambda has, wanted: set(has or ()) <= set(wanted),
    "Null": lambda has, wanted: (has is None) == (wanted == ["true"]),
}


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


def _is_like(pattern: str, resource: str) -> bool:
    return _pattern(pattern).fullmatch(resource) is not None
