"""How much a test tries: in CI all of it, and elsewhere as much as somebody waits for who has changed a line."""

from __future__ import annotations

import os

import pytest

IN_CI = os.environ.get("CI", "").lower() == "true"

# What takes as long as a hundred others: an upgrade under load, an infrastructure that is applied twice, a gibibyte.
tried_in_ci = pytest.mark.skipif(not IN_CI, reason="takes long: CI=true tries it")

# Something breaks off, or is crossed, at each of the calls of a flow: at every first of them, or at every third.
EVERY = 1 if IN_CI else 3


def tries(many: int, *, at_home: int) -> int:
    """`many` processes, rounds or examples in CI, and fewer elsewhere."""
    return many if IN_CI else at_home
