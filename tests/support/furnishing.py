"""What the service needs of an account of MiniStack, made by bare requests: an emulator proves nobody's signature."""

from __future__ import annotations

from contextlib import closing
from functools import cache
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit

import orjson

from config import Config
from panzoto.cli.schema import creation
from panzoto.models.spec import TABLES
from tests.support.tables import name_of

SENDER = "panzoto@localhost.localdomain"
PREFIXES = {"dynamodb": "DynamoDB_20120810", "kms": "TrentService"}


class Account:
    """An account of an emulator, over one connection."""

    def __init__(self, config: Config) -> None:
        endpoint = urlsplit(config.aws_endpoint or "")
        assert endpoint.hostname
        self._connection = HTTPConnection(endpoint.hostname, endpoint.port, timeout=20)
        self._scope = f"{config.aws_access_key_id}/20200101/{config.aws_region}"

    def call(self, service: str, operation: str, request: bytes) -> bytes:
        """What an operation of a service that speaks JSON answers."""
        target = {"X-Amz-Target": f"{PREFIXES[service]}.{operation}", "Content-Type": "application/x-amz-json-1.1"}
        return self.send(service, "POST", "/", request, target)

    def send(
        self, service: str, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> bytes:
        """What a service answers, which has to be yes."""
        scope = f"AWS4-HMAC-SHA256 Credential={self._scope}/{service}/aws4_request, SignedHeaders=host, Signature=0"
        self._connection.request(method, path, body, {"Authorization": scope, **(headers or {})})
        answer = self._connection.getresponse()
        said = answer.read()
        assert answer.status == 200, said
        return said

    def close(self) -> None:
        """End the connection."""
        self._connection.close()


def furnish(config: Config) -> None:
    """Make the tables, the bucket, the keys and the sender that a configuration names."""
    with closing(Account(config)) as account:
        for spec in TABLES:
            account.call("dynamodb", "CreateTable", _table(spec.label, name_of(config, spec)))
        account.send("s3", "PUT", f"/{config.s3_bucket}")
        for alias in {config.audio_kms_key, config.oauth_kms_key}:
            _make_key(account, alias)
        account.send("ses", "POST", "/", *_form(Action="VerifyEmailIdentity", EmailAddress=SENDER))


def _make_key(account: Account, alias: str) -> None:
    key = orjson.loads(account.call("kms", "CreateKey", b"{}"))["KeyMetadata"]["KeyId"]
    account.call("kms", "CreateAlias", orjson.dumps({"AliasName": alias, "TargetKeyId": key}))


def _form(**fields: str) -> tuple[bytes, dict[str, str]]:
    form = urlencode({**fields, "Version": "2010-12-01"}).encode()
    return form, {"Content-Type": "application/x-www-form-urlencoded"}


@cache
def _table(label: str, name: str) -> bytes:
    (spec,) = [each for each in TABLES if each.label == label]
    return orjson.dumps(creation(spec, name, None).request)
