"""The whole service for the attacks of one process, a provider that nobody reaches, and two people who never met."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from panzoto import create_app
from panzoto.deps import Deps, build
from panzoto.web.application import Application
from tests.accounts.conftest import QUICK
from tests.fuzz.api import SETTINGS
from tests.support.configs import configured
from tests.support.furnishing import furnish
from tests.support.people import Somebody, somebody


@pytest.fixture(scope="session")
def deps(ministack: str) -> Deps:
    """What the attacked service stands on: without limits, since each attack is more than they let through."""
    account = f"{random.SystemRandom().randrange(10**11, 10**12)}"
    config = configured(account, ministack, outbox_url=ministack, **QUICK, **SETTINGS)
    furnish(config)
    return build(config)


@pytest.fixture(scope="session")
def app(deps: Deps) -> Application:
    """The application that is attacked."""
    return create_app(deps.config, deps)


@pytest.fixture
def http(app: Application) -> Iterator[FlaskClient]:
    """A client of it, with cookies of its own."""
    with app.test_client() as client:
        yield client


@pytest.fixture
def ann(http: FlaskClient, deps: Deps) -> Somebody:
    """Somebody with a recording."""
    return somebody(http, deps, f"ann.{random.SystemRandom().getrandbits(64):x}")


@pytest.fixture
def eve(http: FlaskClient, deps: Deps) -> Somebody:
    """Somebody else, with a recording of her own."""
    return somebody(http, deps, f"eve.{random.SystemRandom().getrandbits(64):x}")


@pytest.fixture
def admin(http: FlaskClient, deps: Deps) -> Somebody:
    """An administrator."""
    return somebody(http, deps, f"root.{random.SystemRandom().getrandbits(64):x}", "admin")
