"""The service as it is deployed: a real nginx before a real gunicorn, on an emulated AWS."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

import orjson
import pytest

from panzoto.deps import build
from tests.support import server as gunicorn
from tests.support import tables
from tests.support.configs import configured
from tests.support.needs import needs
from tests.support.nginx import Nginx, nginx_before

JSON = {"Content-Type": "application/json"}
PERSON = {"email": "test@example.com", "password": "SecurePassword123!"}
# What a test of limits can reach; hashing as light as production allows it.
SETTINGS = {
    "TRUSTED_PROXIES": "1",
    "RATE_LIMITS": "forgot.address=3/1h,upload.account=100000/1h",
    "ARGON2_MEMORY_KIB": "12288",
    "ARGON2_ITERATIONS": "3",
}


@dataclass
class Stack:
    """What is deployed, and the token of somebody who has registered."""

    nginx: Nginx
    server: gunicorn.Server
    token: str

    @property
    def headers(self) -> dict[str, str]:
        """Of a request of theirs."""
        return JSON | {"Authorization": f"Bearer {self.token}"}


@pytest.fixture(scope="module")
def account() -> str:
    """An account of one module: what is deployed serves all of its tests."""
    return f"{random.SystemRandom().randrange(10**11, 10**12)}"


@pytest.fixture(scope="module")
def environ(ministack: str, account: str) -> dict[str, str]:
    """The environment of a server behind nginx; what it stands on is there."""
    needs("nginx")
    config = configured(account, ministack)
    clients = build(config).clients
    tables.create_all(clients.dynamodb(), config)
    clients.s3().create_bucket(Bucket=config.s3_bucket)
    clients.ses().verify_email_identity(EmailAddress="panzoto@localhost.localdomain")
    return gunicorn.environment(ministack, account, S3_BUCKET=config.s3_bucket, **SETTINGS)


@pytest.fixture(scope="module")
def stack(environ: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One process of two threads, so that few slow clients would be enough to hold them all."""
    with (
        gunicorn.serving(environ | {"WEB_CONCURRENCY": "1", "THREADS": "2"}) as server,
        nginx_before(server.port, tmp_path_factory.mktemp("nginx")) as nginx,
    ):
        answer = nginx.ask("POST", "/api/register", orjson.dumps(PERSON), JSON)
        assert answer.status == 201, answer.body
        yield Stack(nginx, server, str(orjson.loads(answer.body)["token"]))
