"""The service that is attacked, fuzzed."""

from __future__ import annotations

from tests.security.conftest import app, deps

__all__ = ["app", "deps"]
