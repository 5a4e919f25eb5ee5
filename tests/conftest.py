"""What every test may ask for: an emulator, an account of its own there, and the service's parts on each store."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator

import moto
import pytest

from config import Config
from panzoto.deps import Deps, build
from tests.support import ministack as emulator
from tests.support import tables
from tests.support.configs import configured
from tests.support.stores import ENDPOINT, STORES


@pytest.fixture(scope="session")
def ministack() -> Iterator[str]:
    """The address of a MiniStack that ends with the tests; each worker of xdist has its own."""
    with emulator.running() as address:
        yield address


@pytest.fixture
def account() -> str:
    """An account of this test alone: MiniStack keeps apart what different access keys of 12 digits have made."""
    return f"{random.SystemRandom().randrange(10**11, 10**12)}"


@pytest.fixture
def config_for(ministack: str, account: str) -> Callable[..., Config]:
    """Makes configurations of development for this test's account of MiniStack, with changes by keyword."""
    return lambda **changes: configured(account, ministack, **changes)


@pytest.fixture(params=STORES)
def deps(request: pytest.FixtureRequest, account: str) -> Iterator[Deps]:
    """The service's parts on each store that the storage tests run on; the tables are there, and empty."""
    if request.param == "moto":
        with moto.mock_aws():
            yield _with_tables(configured(account, None))
    elif request.param == "ministack":
        yield _with_tables(configured(account, request.getfixturevalue("ministack")))
    else:
        parts = build(_endpoint(account))
        try:
            tables.create_all(parts.clients.dynamodb(), parts.config)
            yield parts
        finally:
            tables.drop_all(parts.clients.dynamodb(), parts.config)


def _with_tables(config: Config) -> Deps:
    parts = build(config)
    tables.create_all(parts.clients.dynamodb(), config)
    return parts


def _endpoint(account: str) -> Config:
    """The configuration for the store named by whoever runs the tests; the tables have names of their own there."""
    given = {
        "aws_access_key_id": os.environ.get("AWS_ACCESS_KEY_ID", account),
        "aws_secret_access_key": os.environ.get("AWS_SECRET_ACCESS_KEY", "test"),
        "aws_session_token": os.environ.get("AWS_SESSION_TOKEN"),
        "aws_region": os.environ.get("AWS_REGION", "us-east-1"),
    }
    return configured(account, ENDPOINT, **given, **tables.names_of_its_own())
