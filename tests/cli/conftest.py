"""What the tests of commands stand on."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from click.testing import Result
from flask import Flask

from config import Config
from panzoto import cli
from panzoto.aws.clients import Clients
from panzoto.cli.tables import create_all
from panzoto.later import Later
from panzoto.tally import Tally

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

Command = Callable[..., Result]


@pytest.fixture(autouse=True)
def no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is printed is what a pipe would get, also where colours are forced."""
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def config(config_for: Callable[..., Config]) -> Config:
    """The configuration of this test's account, where nothing is yet."""
    return config_for()


@pytest.fixture
def dynamodb(config: Config) -> DynamoDBClient:
    """The account's DynamoDB, to make things wrong by hand."""
    return Clients(config).dynamodb()


@pytest.fixture
def command(config: Config) -> Command:
    """Gives `flask tables …` and returns how it ended."""
    return commander(config)


def commander(config: Config, clients: Clients | None = None) -> Command:
    """What gives commands, for a configuration and perhaps for other clients."""
    app = Flask("panzoto")
    # all that these commands know of the service's parts
    app.extensions["panzoto"] = SimpleNamespace(
        config=config, clients=clients or Clients(config), tally=Tally(config.figures_seconds), later=Later()
    )
    cli.register(app)
    runner = app.test_cli_runner()
    return lambda *words: runner.invoke(args=["tables", *words])


@pytest.fixture
def made(config: Config) -> Config:
    """The configuration of an account whose tables `create` has made."""
    assert create_all(Clients(config), config, lambda _: None) == []
    return config
