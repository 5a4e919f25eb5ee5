"""Conditions and updates as the expressions that DynamoDB reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from boto3.dynamodb.conditions import Attr, ConditionBase, ConditionExpressionBuilder, Key

from .wire import encode

__all__ = ["Attr", "Change", "Condition", "Fixed", "Key", "condition", "fixed", "selection"]

Condition = ConditionBase


@dataclass(frozen=True, eq=False)
class Fixed:
    """A condition of a write that is the same each time, as the parameters that put it there: built once."""

    parameters: Mapping[str, Any]


def fixed(when: Condition) -> Fixed:
    """The condition, built once."""
    return Fixed(condition("ConditionExpression", when))


def condition(name: str, when: Condition | None) -> dict[str, Any]:
    """The parameters that put a condition on a write or a filter on a scan; `name` is the expression's parameter."""
    return _built({name: when} if when is not None else {})


def selection(where: Condition, only: Condition | None = None) -> dict[str, Any]:
    """The parameters that say which keys a query reads, and which of those items it keeps."""
    return _built({"KeyConditionExpression": where} | ({"FilterExpression": only} if only is not None else {}))


def _built(expressions: Mapping[str, Condition]) -> dict[str, Any]:
    builder = ConditionExpressionBuilder()  # one for all, so that no placeholder is given twice
    request: dict[str, Any] = {}
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    for name, when in expressions.items():
        built = builder.build_expression(when, is_key_condition=name == "KeyConditionExpression")
        request[name] = built.condition_expression
        names |= built.attribute_name_placeholders
        values |= {key: encode(value) for key, value in built.attribute_value_placeholders.items()}
    if names:
        request["ExpressionAttributeNames"] = names
    if values:
        request["ExpressionAttributeValues"] = values
    return request


Members = set[str]


@dataclass(frozen=True)
class Change:
    """What an update does: `set` gives values, `default` gives them where none is, `remove` takes them away.

    `add` counts up a number or puts members into a set, `discard` takes members out of one.

    A name with a dot in it means an attribute inside a map: `metadata.lastUsedAt`.
    """

    set: Mapping[str, Any] = field(default_factory=dict)
    default: Mapping[str, Any] = field(default_factory=dict)
    add: Mapping[str, int | Decimal | Members] = field(default_factory=dict)
    discard: Mapping[str, Members] = field(default_factory=dict)
    remove: Iterable[str] = ()

    def request(self, when: Condition | None) -> dict[str, Any]:
        """The parameters of the update, under a condition."""
        request = condition("ConditionExpression", when)
        placeholders: dict[str, str] = {}  # numbered: a name may hold what a placeholder may not
        values: dict[str, Any] = dict(request.get("ExpressionAttributeValues", {}))

        def named(path: str) -> str:
            return ".".join(placeholders.setdefault(part, f"#u{len(placeholders)}") for part in path.split("."))

        def valued(value: Any) -> str:
            placeholder = f":u{len(values)}"
            values[placeholder] = encode(value)
            return placeholder

        sets = [f"{named(path)} = {valued(value)}" for path, value in self.set.items()]
        for path, value in self.default.items():
            sets.append(f"{named(path)} = if_not_exists({named(path)}, {valued(value)})")
        clauses = {
            "SET": sets,
            "ADD": [f"{named(path)} {valued(value)}" for path, value in self.add.items()],
            "DELETE": [f"{named(path)} {valued(value)}" for path, value in self.discard.items()],
            "REMOVE": [named(path) for path in self.remove],
        }
        request["UpdateExpression"] = " ".join(f"{word} {', '.join(parts)}" for word, parts in clauses.items() if parts)
        named_here = {placeholder: part for part, placeholder in placeholders.items()}
        request["ExpressionAttributeNames"] = request.get("ExpressionAttributeNames", {}) | named_here
        if values:
            request["ExpressionAttributeValues"] = values
        return request
