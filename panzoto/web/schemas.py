"""The shapes of requests and answers, which validate and from which OpenAPI is generated."""

from __future__ import annotations

from functools import cache
from typing import Any, NoReturn

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from panzoto.errors import InvalidRequest

MOST_DETAILS, LONGEST_NAME = 20, 100
# What a problem of no field by itself is a problem of.
BODY, QUERY = "the body", "the query"


class Described(BaseModel):
    """What OpenAPI describes."""

    @classmethod
    @cache
    def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:  # type: ignore[override]  # `cache` hides that the signature is the same
        """The schema, made once: flask-openapi3 asks for it for every route, and for a query's at every request."""
        return super().model_json_schema(*args, **kwargs)


class Shape(Described):
    """What a request may hold: nothing unknown, nothing converted, and no NUL in any text."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _refuse_nul(cls, values: Any) -> Any:
        for name, value in values.items() if isinstance(values, dict) else ():
            if "\0" in str(name) or _has_nul(value):
                raise _refusal([(name.replace("\0", "�"), "must not hold the NUL character")])
        return values


class Body(Shape):
    """The body of a request."""


class Query(Shape):
    """The query of an address, whose numbers come as text."""

    model_config = ConfigDict(extra="forbid", strict=False, frozen=True, title=QUERY)


class Path(Query):
    """The variable parts of an address."""


class Answer(Described):
    """The body of an answer."""


class Detail(Answer):
    """One field that is wrong, and why."""

    field: str
    problem: str


class ErrorBody(Answer):
    """Every error: a sentence for people, a code for programs, and the id that finds it in the logs."""

    error: str = Field(examples=["The request is not valid: email is missing."])
    code: str = Field(examples=["invalid_request"])
    request_id: str
    details: list[Detail] | None = None


class Health(Answer):
    """What the seed's health check answers."""

    status: str = "healthy"
    service: str = "panzoto-backend"
    database: str = "dynamodb"


class KeySet(Answer):
    """Public keys, as RFC 7517 says."""

    keys: list[dict[str, Any]]


class State(Answer):
    """Whether a probe found what it looked for."""

    status: str = "ok"


# What pydantic puts before a sentence of a shape of ours.
OURS = "Value error, "
PROBLEMS = {
    "missing": "is missing",
    "extra_forbidden": "is not known here",
    "too_short": "must have at least {min_length} characters",  # a secret, whose characters pydantic calls items
    "too_long": "must have at most {max_length} characters",
}


def refuse_invalid(fault: ValidationError) -> NoReturn:
    """Raise our error for pydantic's; what the caller sent is not repeated, for it may be a password."""
    found, whole = [], QUERY if fault.title == QUERY else BODY
    for each in fault.errors(include_url=False, include_input=False):
        name = ".".join(str(part) for part in each["loc"]) or whole
        message = each["msg"]
        ours = message.removeprefix(OURS) if each["type"] == "value_error" else None
        known = PROBLEMS.get(each["type"], "").format(**each.get("ctx", {}))
        found.append((name, ours or known or f"is wrong: {message[:1].lower()}{message[1:]}"))
    raise _refusal(found)


def _refusal(found: list[tuple[str, str]]) -> InvalidRequest:
    found = [(name[:LONGEST_NAME], problem) for name, problem in found]
    name, problem = found[0]
    more = f", and {len(found) - 1} more" if len(found) > 1 else ""
    details = [{"field": name, "problem": problem} for name, problem in found[:MOST_DETAILS]]
    return InvalidRequest(f"The request is not valid: {name} {problem}{more}.", details=details)


def _has_nul(value: Any) -> bool:
    """Whether a text anywhere in the value has one. Not by recursion: a body may be nested a thousand deep."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            if "\0" in each:
                return True
        elif isinstance(each, dict):
            waiting += [*each, *each.values()]
        elif isinstance(each, list):
            waiting += each
    return False
