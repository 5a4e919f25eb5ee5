"""What every test may ask for: an emulator, an account of its own there, and the service's parts on each store."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator

import moto
import pytest
from hypothesis import settings

from config import Config
from panzoto.cli.tables import create_all
from panzoto.deps import Deps, build
from tests.proof import borders
from tests.proof.watch import WATCH
from tests.support import ministack as emulator
from tests.support import once, tables, told
from tests.support.configs import configured, new_account
from tests.support.effort import tries
from tests.support.grants.plugin import (  # noqa: F401 (pytest finds its hooks here)
    pytest_addoption,
    pytest_configure,
    pytest_sessionfinish,
    pytest_terminal_summary,
    pytest_unconfigure,
)
from tests.support.stores import ENDPOINT, SETTINGS, STORES

# Examples are many and the machine may be busy: how long one takes says nothing.
settings.register_profile("panzoto", deadline=None, max_examples=tries(100, at_home=25))
settings.load_profile("panzoto")


def forget_the_machine(patch: pytest.MonkeyPatch) -> None:
    """Take away what this machine knows of AWS, and its proxy from the loopback."""
    for name in [name for name in os.environ if name.startswith("AWS_") and name != "AWS_CA_BUNDLE"]:
        patch.delenv(name)
    patch.setenv("AWS_CONFIG_FILE", os.devnull)
    patch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    patch.setenv("NO_PROXY", ",".join(filter(None, [os.environ.get("NO_PROXY"), "127.0.0.1", "localhost"])))


def pytest_collection_finish() -> None:
    """What was imported lives as long as the tests: rubbish is looked for among what they make, and less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.fixture(scope="session", autouse=True)
def nothing_of_the_machine() -> Iterator[None]:
    """No account, profile, role or address of AWS that this machine knows reaches a test, and no proxy the loopback."""
    with pytest.MonkeyPatch.context() as patch:
        forget_the_machine(patch)
        yield


@pytest.fixture(scope="session", autouse=True)
def made_once() -> Iterator[None]:
    """What every application and client reads and compiles alike is read and compiled once for all tests."""
    with pytest.MonkeyPatch.context() as patch:
        once.install(patch)
        yield


@pytest.fixture(scope="session", autouse=True)
def nothing_secret_is_told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """With CANARIES=1 no log line, metric, item, refusal, address or file has a secret that a test has seen."""
    if not os.environ.get("CANARIES"):
        yield
        return
    with borders.watching(WATCH):
        yield
    assert borders.leaks(WATCH, tmp_path_factory.getbasetemp()) == []


@pytest.fixture(scope="session", autouse=True)
def every_status_is_told() -> Iterator[None]:
    """Whatever a route answers in any test stands in the OpenAPI document."""
    with told.watching() as untold:
        yield
    assert sorted(untold) == []


@pytest.fixture(scope="session")
def ministack() -> Iterator[str]:
    """The address of a MiniStack that ends with the tests; each worker of xdist has its own."""
    with emulator.running() as address:
        yield address


@pytest.fixture
def account() -> str:
    """An account of this test alone."""
    return new_account()


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
        parts = build(configured(account, ENDPOINT, **SETTINGS, **tables.names_of_its_own()))
        try:
            assert create_all(parts.clients, parts.config, print) == []
            yield parts
        finally:
            tables.drop_all(parts.clients.dynamodb(), parts.config)


def _with_tables(config: Config) -> Deps:
    parts = build(config)
    tables.create_all(parts.clients.dynamodb(), config)
    return parts
