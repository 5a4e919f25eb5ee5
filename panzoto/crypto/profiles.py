"""What a password hash costs: the profile that new ones have, and the bounds that any must keep to be worked on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from argon2.low_level import ARGON2_VERSION, Type

from panzoto.errors import WrongPassword

# OWASP's profiles of the same strength, memory for time: KiB, passes, lanes.
OWASP = ((47104, 1, 1), (19456, 2, 1), (12288, 3, 1))
# What is more than this is an attack on our memory or time, not a hash that somebody made to be used.
MOST_MEMORY_KIB, MOST_ITERATIONS, MOST_LANES, MOST_BCRYPT = 256 * 1024, 10, 16, 14
LEAST_BCRYPT = 4
KIB_PER_LANE = 8
SALT_BYTES, HASH_BYTES = 16, 32
ARGON2 = re.compile(
    r"\$argon2(?P<kind>id|i|d)(?:\$v=(?P<version>16|19))?"
    r"\$m=(?P<m>\d{1,9}),t=(?P<t>\d{1,9}),p=(?P<p>\d{1,9})"
    r"\$(?P<salt>[A-Za-z0-9+/]{11,86})\$(?P<hash>[A-Za-z0-9+/]{22,86})",
    re.ASCII,
)
BCRYPT = re.compile(r"\$2[aby]\$(?P<cost>\d\d)\$[./A-Za-z0-9]{53}", re.ASCII)


class UnusableHash(WrongPassword):
    """A stored hash that is none, or that costs more than we spend. The client hears of a wrong password; log it."""


@dataclass(frozen=True)
class Cost:
    """The parameters of one Argon2 computation. More than the bounds, or what Argon2 cannot do, is a `ValueError`."""

    memory_kib: int
    iterations: int
    parallelism: int

    def __post_init__(self) -> None:
        within = (
            1 <= self.parallelism <= MOST_LANES
            and 1 <= self.iterations <= MOST_ITERATIONS
            and KIB_PER_LANE * self.parallelism <= self.memory_kib <= MOST_MEMORY_KIB
        )
        if not within:
            raise ValueError(f"a cost outside of the bounds: {self}")

    @property
    def numbers(self) -> tuple[int, int, int]:
        """Memory in KiB, passes and lanes."""
        return self.memory_kib, self.iterations, self.parallelism


@dataclass(frozen=True)
class Profile(Cost):
    """The cost of every new hash and derivation. It is at least one of OWASP's, and the default is the first."""

    memory_kib: int = OWASP[0][0]
    iterations: int = OWASP[0][1]
    parallelism: int = OWASP[0][2]

    def __post_init__(self) -> None:
        super().__post_init__()
        if not any(all(has >= least for has, least in zip(self.numbers, profile, strict=True)) for profile in OWASP):
            known = ", ".join("/".join(map(str, profile)) for profile in OWASP)
            raise ValueError(f"an Argon2id profile must reach one of {known} (memory in KiB, passes, lanes)")


@dataclass(frozen=True)
class Argon2Hash:
    """A stored Argon2 hash, read far enough to know what it is and what verifying it costs."""

    kind: Type
    version: int
    cost: Cost
    salt_length: int
    hash_length: int

    @classmethod
    def read(cls, stored: str) -> Self:
        """The parts of a stored hash; `UnusableHash` when it is none or beyond the bounds."""
        parts = ARGON2.fullmatch(stored)
        if parts is None:
            raise UnusableHash
        try:
            cost = Cost(int(parts["m"]), int(parts["t"]), int(parts["p"]))
        except ValueError:
            raise UnusableHash from None
        return cls(
            kind=Type[parts["kind"].upper()],
            version=int(parts["version"] or 16),
            cost=cost,
            salt_length=len(parts["salt"]) * 3 // 4,
            hash_length=len(parts["hash"]) * 3 // 4,
        )

    def is_of(self, profile: Profile) -> bool:
        """Whether it is what `profile` would make today."""
        made = (self.kind, self.version, self.cost.numbers, self.salt_length, self.hash_length)
        return made == (Type.ID, ARGON2_VERSION, profile.numbers, SALT_BYTES, HASH_BYTES)


def check_bcrypt(stored: str) -> None:
    """Raise `UnusableHash` unless this is a bcrypt hash whose cost is within the bounds."""
    parts = BCRYPT.fullmatch(stored)
    if parts is None or not LEAST_BCRYPT <= int(parts["cost"]) <= MOST_BCRYPT:
        raise UnusableHash
