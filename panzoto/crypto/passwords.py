"""Passwords are kept as Argon2id hashes, and verified exactly as they were typed."""

from __future__ import annotations

from argon2 import PasswordHasher

# OWASP's first profile: 46 MiB, one pass, one lane.
MEMORY_KIB, ITERATIONS, LANES = 47104, 1, 1


class Passwords:
    """Hashes passwords with one profile."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=ITERATIONS, memory_cost=MEMORY_KIB, parallelism=LANES)

    def hash(self, password: str) -> str:
        """The hash to keep, with its salt and parameters inside."""
        return self._hasher.hash(password)
