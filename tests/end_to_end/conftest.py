"""A real gunicorn on a real emulator, for the tests that nothing smaller can stand for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from panzoto.deps import build
from tests.support import server as gunicorn
from tests.support import tables
from tests.support.configs import configured


@pytest.fixture
def environ(ministack: str, account: str) -> dict[str, str]:
    """The environment of a server on this test's account; its tables exist."""
    config = configured(account, ministack)
    tables.create_all(build(config).clients.dynamodb(), config)
    return gunicorn.environment(ministack, account)


@pytest.fixture
def server(environ: dict[str, str]) -> Iterator[gunicorn.Server]:
    """A gunicorn of two processes."""
    with gunicorn.serving(environ) as serving:
        yield serving
