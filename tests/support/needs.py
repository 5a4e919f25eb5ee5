"""Programs that a test wants and that a machine may not have."""

from __future__ import annotations

import os
import shutil

import pytest


def needs(program: str) -> str:
    """The path of a program. Without it the test is skipped by that name; in CI, which must have it, it fails."""
    path = shutil.which(program)
    if path is None:
        sentence = f"{program} is not installed"
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(f"{sentence}, and in CI nothing is skipped for that")
        pytest.skip(sentence)
    return path
