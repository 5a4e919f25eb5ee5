"""A phone with recordings: it speaks to the application, and to S3 by the addresses that it is given."""

from __future__ import annotations

import hashlib
import secrets
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from werkzeug.test import TestResponse

from panzoto import create_app
from panzoto.deps import Deps
from panzoto.models.user import User
from tests.accounts.conftest import Service, new_email, service, service_for
from tests.support.phones import person, signed_in

__all__ = ["service", "service_for"]

FILES = "/api/v1/audio-files"
MIB = 2**20
# Parts of five MiB, the least that S3 takes, from five MiB on.
SMALL_PARTS = {"multipart_from_bytes": 5 * MIB, "upload_part_bytes": 5 * MIB}


@dataclass(frozen=True)
class Sent:
    """What S3 answered."""

    status: int
    body: bytes
    headers: Mapping[str, str]


def send(method: str, url: str, data: bytes | None = None, headers: Mapping[str, str] | None = None) -> Sent:
    """One request to an address that was signed, as a phone makes it: urllib would call the bytes a form."""
    kind = {"Content-Type": "application/octet-stream"} if data is not None else {}
    request = Request(url, data=data, headers={**kind, **(headers or {})}, method=method)
    try:
        with urlopen(request, timeout=20) as answer:
            return Sent(answer.status, answer.read(), dict(answer.headers))
    except HTTPError as refused:
        return Sent(refused.code, refused.read(), dict(refused.headers))


@dataclass
class Phone:
    """Somebody's phone."""

    service: Service
    user: User
    token: str

    @property
    def deps(self) -> Deps:
        """What the service stands on."""
        return self.service.deps

    def ask(self, method: str, path: str, body: Any = None) -> TestResponse:
        """A request with the phone's token."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return self.service.http.open(path, method=method, json=body, headers=headers)

    def begin(self, data: bytes, **more: Any) -> dict[str, Any]:
        """An upload of those bytes, begun."""
        body = {"filename": "note.3gp", "content_type": "audio/3gpp", "file_size": len(data), **more}
        answer = self.ask("POST", f"{FILES}/uploads", body)
        assert answer.status_code == 201, answer.get_json()
        begun: dict[str, Any] = answer.get_json()
        return begun

    def record(self, begun: Mapping[str, Any], size: int) -> TestResponse:
        """Tell that an upload is there."""
        return self.ask("POST", FILES, {"s3_key": begun["s3_key"], "file_size": size})

    def keep(self, data: bytes = b"sealed", **more: Any) -> dict[str, Any]:
        """A recording, uploaded and recorded."""
        begun = self.begin(data, **more)
        assert put(begun, data).status == 200
        answer = self.record(begun, len(data))
        assert answer.status_code == 201, answer.get_json()
        kept: dict[str, Any] = answer.get_json()["audio_file"]
        return kept

    def listed(self, **query: Any) -> list[str]:
        """The ids in the list."""
        answer = self.service.http.get(FILES, query_string=query, headers={"Authorization": f"Bearer {self.token}"})
        assert answer.status_code == 200, answer.get_json()
        return [each["file_id"] for each in answer.get_json()["audio_files"]]


def put(begun: Mapping[str, Any], data: bytes) -> Sent:
    """Upload as the answer says, word for word."""
    return send(begun["upload"]["method"], begun["upload"]["url"], data, begun["upload"]["headers"])


def put_parts(begun: Mapping[str, Any], data: bytes, *numbers: int) -> None:
    """Upload these parts, or all that addresses were given for."""
    size = begun["upload"]["part_size"]
    for part in begun["upload"]["parts"]:
        if part["part_number"] in (numbers or (part["part_number"],)):
            start = (part["part_number"] - 1) * size
            assert send("PUT", part["url"], data[start : start + size]).status == 200


def sha256(data: bytes) -> str:
    """The checksum of a file, as the API takes it."""
    return b64encode(hashlib.sha256(data).digest()).decode()


def noise(size: int) -> bytes:
    """Bytes as a sealed recording has them."""
    return secrets.token_bytes(size)


def objects(deps: Deps) -> list[str]:
    """The keys of all that is in the bucket."""
    return [each.key for each in deps.bucket.under("")]


def items(deps: Deps) -> list[dict[str, Any]]:
    """Every item of the table of recordings."""
    found = deps.clients.dynamodb().scan(TableName=deps.config.audio_files_table, ConsistentRead=True)["Items"]
    return [{name: next(iter(value.values())) for name, value in item.items()} for item in found]


def sweep(phone: Phone, *words: str, all_is_old: bool = False, code: int = 0) -> str:
    """What the operator's command says; `all_is_old` makes everything that is there old enough."""
    config = phone.deps.config
    if all_is_old:
        config = replace(config, uploads_abandoned_after=timedelta(days=-1))
    result = create_app(config).test_cli_runner().invoke(args=["audio", "sweep", *words])
    assert result.exit_code == code, result.output
    return result.output


def phone_of(service: Service, **more: Any) -> Phone:
    """A phone of somebody new, without the hashing that a registration takes."""
    user = person(service.deps, new_email(), **more)
    return Phone(service, user, signed_in(service.deps, user).access_token)


@pytest.fixture
def phone(service: Service) -> Phone:
    """Somebody's phone."""
    return phone_of(service)


@pytest.fixture
def another(service: Service) -> Phone:
    """Somebody else's."""
    return phone_of(service)


@pytest.fixture
def phone_for(service_for: Callable[..., Service]) -> Callable[..., Phone]:
    """Makes a phone of a service that is configured otherwise."""
    return lambda **changes: phone_of(service_for(**changes))
