"""Clients of AWS: where they go, how long they wait, and that threads and forks may share what they are made from."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from config import Config
from panzoto.aws.clients import Clients
from panzoto.aws.transcriber import AwsTranscriber
from panzoto.deps import Deps, build
from panzoto.errors import StorageUnavailable
from panzoto.models.store import ledger
from tests.support import border
from tests.support.configs import configured
from tests.support.stores import SERVED

from .conftest import Files

ELSEWHERE = "http://127.0.0.1:9"


def every(clients: Clients) -> dict[str, Any]:
    """Each client, by its service."""
    made: list[Any] = [clients.dynamodb(), clients.s3(), clients.kms(), clients.ses(), clients.secrets()]
    return {client.meta.service_model.service_name: client for client in made}


def test_every_client_goes_where_the_configuration_says() -> None:
    """One address for all of an emulator, and another one for DynamoDB where that is set."""
    clients = every(Clients(configured("1" * 12, ELSEWHERE, dynamodb_endpoint="http://127.0.0.1:8000")))
    assert clients.pop("dynamodb").meta.endpoint_url == "http://127.0.0.1:8000"
    assert {client.meta.endpoint_url for client in clients.values()} == {ELSEWHERE}
    assert len(clients) == 4


def test_no_client_goes_where_the_configuration_does_not_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that production's checks never saw sends nobody to an emulator."""
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_KMS"):
        monkeypatch.setenv(name, ELSEWHERE)
    for client in every(Clients(configured("1" * 12, None))).values():
        assert client.meta.endpoint_url.startswith("https://")
        assert client.meta.endpoint_url.endswith(".amazonaws.com")


def test_the_tables_may_be_in_a_region_of_their_own() -> None:
    """DynamoDB's region is the other services' unless it is set."""
    regions = {"aws_region": "eu-central-1", "dynamodb_region": "eu-west-1"}
    clients = every(Clients(configured("1" * 12, None, **regions)))
    assert clients["dynamodb"].meta.region_name == "eu-west-1"
    assert clients["kms"].meta.region_name == "eu-central-1"


@pytest.mark.parametrize("body", [b"<html>Log in to the network</html>", b"[]", b"null", b"", b"\xff\xfe"])
def test_what_is_no_answer_of_a_transcriber(body: bytes) -> None:
    """Whatever a proxy says in its place, it is storage that does not answer."""
    client = Clients(configured("1" * 12, ELSEWHERE)).transcribe()
    border.at(client, then=border.says(200, body))
    with pytest.raises(StorageUnavailable):
        AwsTranscriber(client, "bucket", "key").ask("panzoto-x")


@pytest.mark.parametrize("seconds", [0.1, 1, 5, 30])
def test_there_is_time_for_two_attempts(seconds: float) -> None:
    """However short the deadline; and a long one makes no attempt longer than a client would wait."""
    clients = Clients(configured("1" * 12, ELSEWHERE, dynamodb_deadline=timedelta(seconds=seconds)))
    settings: Any = clients.dynamodb().meta.config
    assert settings.connect_timeout + settings.read_timeout == pytest.approx(clients.attempt_seconds)
    assert clients.attempt_seconds <= min(2.5, seconds / 2)
    assert settings.retries == {"mode": "standard", "total_max_attempts": 1}


def test_building_opens_no_connection(config_for: Callable[..., Config]) -> None:
    """Gunicorn forks after the application is built: a connection made before would be shared by all workers."""
    deps = build(config_for())
    assert len(_pools(deps)) == 0
    deps.clients.dynamodb().list_tables()
    assert len(_pools(deps)) == 0
    deps.gateway._client.list_tables()
    assert len(_pools(deps)) == 1


@pytest.mark.parametrize("deps", SERVED, indirect=True)
def test_threads_share_a_gateway(deps: Deps, files: Files) -> None:
    """Each thread reads its own item over and over, and its ledger counts its own calls."""
    names = [f"f{n}" for n in range(12)]
    files.write_many(puts=[{"file_id": name} for name in names])

    def read(name: str) -> tuple[set[str], int]:
        with ledger.keep(name) as entry:
            found = {(files.get({"file_id": name}) or {})["file_id"] for _ in range(25)}
        return found, entry.trips

    with ThreadPoolExecutor(len(names)) as threads:
        assert list(threads.map(read, names)) == [({name}, 25) for name in names]


def _pools(deps: Deps) -> Any:
    client: Any = deps.gateway._client
    return client._endpoint.http_session._manager.pools
