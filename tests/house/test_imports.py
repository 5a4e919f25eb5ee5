"""Imports point one way, so that whoever follows a request walks left to right and never back."""

from __future__ import annotations

from pathlib import Path

from tests.house.source import files, imports, module, of_each

# The higher may import the lower; equals may import each other.
RANKS = {
    "panzoto.local": 8,  # `make run` stands on everything
    "panzoto.cli": 7,
    "panzoto.blueprints": 7,
    "panzoto.web": 6,
    "panzoto.flows": 5,
    "panzoto.deps": 4,
    "panzoto.local.outbox": 3,  # an object that deps chooses, like a client of AWS
    "panzoto.aws": 3,
    "panzoto.messages": 3,
    "panzoto.models": 3,
    "panzoto.providers": 3,
    "panzoto.crypto": 2,
    "panzoto.allocator": 1,
    "panzoto.costs": 1,
    "panzoto.counters": 1,
    "panzoto.later": 1,
    "panzoto.tally": 1,
    "panzoto.workers": 1,
    "panzoto.logs": 1,
    "panzoto.months": 1,
    "panzoto.errors": 0,
}
CODE = [path for path in files("panzoto/*.py") if module(path) != "panzoto"]


def rank(imported: str) -> int | None:
    """The rank of a module of ours, by its longest known prefix."""
    known = [prefix for prefix in RANKS if imported == prefix or imported.startswith(f"{prefix}.")]
    return RANKS[max(known, key=len)] if known else None


@of_each(CODE)
def test_imports_point_one_way(path: Path) -> None:
    """A module imports nothing that stands above it."""
    own = rank(module(path))
    assert own is not None, "give the room a rank"
    above = [each for each in imports(path) if (rank(each) or 0) > own]
    assert not above


@of_each(CODE)
def test_only_the_web_knows_flask(path: Path) -> None:
    """Nothing below `web` knows HTTP."""
    allowed = ("panzoto.web", "panzoto.blueprints", "panzoto.cli")
    flask = [each for each in imports(path) if each.split(".")[0] in {"flask", "werkzeug", "flask_openapi3"}]
    assert not flask or module(path).startswith(allowed)


@of_each(CODE)
def test_only_the_gateway_knows_dynamodb(path: Path) -> None:
    """Nothing but the gateway, its expressions, the clients and the operators' commands knows boto."""
    allowed = (
        "panzoto.aws",
        "panzoto.models.store.gateway",
        "panzoto.models.store.expressions",
        "panzoto.cli",
        "panzoto.local",
    )
    boto = [each for each in imports(path) if each.split(".")[0] in {"boto3", "botocore"}]
    assert not boto or module(path).startswith(allowed)


def test_every_rank_is_a_room() -> None:
    """The ranks name rooms that exist."""
    modules = {module(path) for path in CODE}
    assert all(any(each == room or each.startswith(f"{room}.") for each in modules) for room in RANKS)
