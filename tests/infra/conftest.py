"""An emulated AWS that Terraform has built on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from tests.infra.terraform import SETTINGS, Terraform, provider
from tests.support import ministack
from tests.support.needs import needs


@pytest.fixture(scope="session", name="provider")
def one_provider() -> Iterator[str]:
    """The provider, for every command that is given here."""
    needs("terraform")
    with provider() as reached:
        yield reached


@pytest.fixture(scope="session")
def guarded() -> Iterator[str]:
    """A MiniStack that asks for signatures, and enforces policies."""
    with ministack.running(AUTH="true") as address:
        yield address


@pytest.fixture(scope="session")
def on_ministack(guarded: str, provider: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Terraform, str]:
    """The root module, applied to MiniStack by the owner of the account; and MiniStack's address.

    Without the lifecycle of the bucket, for whose spreading the provider waits for a minute: moto has it.
    """
    made = Terraform(tmp_path_factory.mktemp("on_ministack"), guarded, provider)
    made.leave_out("aws_s3_bucket_lifecycle_configuration.recordings")
    made.apply(**SETTINGS)
    return made, guarded


@pytest.fixture(scope="module")
def moto_server() -> Iterator[str]:
    """A moto that answers over HTTP."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A folder for a root module of the test's own."""
    return tmp_path
