"""A real gunicorn on a real emulator, for the tests that nothing smaller can stand for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support import server as gunicorn
from tests.support.configs import configured, new_account
from tests.support.furnishing import furnish


@pytest.fixture
def environ(ministack: str, account: str) -> dict[str, str]:
    """The environment of a server on this test's account; its tables exist."""
    return _environ(ministack, account)


def _environ(ministack: str, account: str) -> dict[str, str]:
    furnish(configured(account, ministack))
    return gunicorn.environment(ministack, account)


@pytest.fixture(scope="module")
def standing(ministack: str) -> Iterator[gunicorn.Server]:
    """A gunicorn that all tests of a module ask which leave it as it was."""
    with gunicorn.serving(_environ(ministack, new_account())) as serving:
        yield serving


@pytest.fixture
def server(environ: dict[str, str]) -> Iterator[gunicorn.Server]:
    """A gunicorn of two processes."""
    with gunicorn.serving(environ) as serving:
        yield serving
