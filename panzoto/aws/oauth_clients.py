"""Our clients at other providers, as Secrets Manager keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from panzoto.errors import ProviderNotReady

from .keepers import asking

if TYPE_CHECKING:
    from types_boto3_secretsmanager import SecretsManagerClient

ABSENT = frozenset({"ResourceNotFoundException"})


class OAuthClients:
    """Reads the client of a provider: JSON with `client_id` and `client_secret`, as it is or as Google gives it."""

    def __init__(self, client: SecretsManagerClient) -> None:
        self._client = client

    def read(self, secret_id: str) -> tuple[str, str | None]:
        """The id and the secret of a client; `ProviderNotReady` where nobody has put them."""
        with asking(ABSENT, ProviderNotReady()):
            text = self._client.get_secret_value(SecretId=secret_id)["SecretString"]
        try:
            said = orjson.loads(text)
            inner: dict[str, Any] = said.get("web", said)
            client_id, secret = inner["client_id"], inner.get("client_secret")
        except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError):
            raise ProviderNotReady from None
        if not isinstance(client_id, str) or not client_id or not isinstance(secret, str | None):
            raise ProviderNotReady
        return client_id, secret
