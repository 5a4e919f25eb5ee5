"""What harnesses have in common, and which there are."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from importlib import import_module
from typing import Any, Protocol, cast

from config import Config
from tests.support.configs import configured

# In the order in which they are run and shown. Those that are added here are run by `make proof`.
HARNESSES = [
    "tests.proof.interleavings",
    "tests.proof.faults",
    "tests.proof.load",
    "tests.fuzz.requests",
    "tests.fuzz.parsers",
    "tests.security.attacks",
]


class Size(Enum):
    """How much is tried: what `make test` has seconds for, or what `make proof` has minutes for."""

    SHORT = "short"
    FULL = "full"

    def of(self, short: int, full: int) -> int:
        """The one or the other number."""
        return short if self is Size.SHORT else full


@dataclass(frozen=True)
class Place:
    """Where harnesses run: the address of an emulator, on which each takes accounts of its own."""

    emulator: str

    def config(self, **changes: Any) -> Config:
        """A configuration of development on a new account of the emulator."""
        account = f"{random.SystemRandom().randrange(10**11, 10**12)}"
        return configured(account, self.emulator, outbox_url=self.emulator, **changes)


@dataclass
class Figures:
    """What was tried, by name, and what did not hold, in a sentence each."""

    counts: dict[str, int | float] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    missing: str | None = None

    def add(self, counts: Mapping[str, int | float]) -> None:
        """Count more."""
        for name, count in counts.items():
            self.counts[name] = self.counts.get(name, 0) + count


class Harness(Protocol):
    """A module that tries to break something."""

    TITLE: str

    def prove(self, place: Place, size: Size) -> Figures:
        """Try, and tell."""


def harness(name: str) -> Harness:
    """The harness of that module."""
    return cast("Harness", import_module(name))
