"""Where the ring of signing keys is kept: a file that nobody else reads, or a secret of Secrets Manager."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import ClientError

from panzoto.crypto.ring import Ring

from .keepers import FAULTS

if TYPE_CHECKING:
    from types_boto3_secretsmanager import SecretsManagerClient

    from config import Config
    from panzoto.aws.clients import Clients


class RingUnusable(Exception):
    """The ring cannot be read or written; the text is for the operator."""


class Rings(Protocol):
    """A place that keeps one ring."""

    def read(self) -> Ring | None:
        """The ring, or None where there is none yet."""

    def write(self, ring: Ring) -> None:
        """Keep a ring in place of the one before."""


class FileRings:
    """A file of mode 0600, replaced whole."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    def read(self) -> Ring | None:
        """The ring in the file."""
        try:
            return _read(self._path.read_text(encoding="utf-8"), str(self._path)) if self._path.exists() else None
        except OSError as fault:
            raise RingUnusable(f"{self._path} cannot be read: {fault.strerror}.") from fault

    def write(self, ring: Ring) -> None:
        """Write beside it and put in its place, so that no moment has half a ring."""
        try:
            with tempfile.NamedTemporaryFile("w", dir=self._path.parent, delete=False, encoding="utf-8") as beside:
                beside.write(ring.write())
                beside.flush()
                os.fsync(beside.fileno())
            Path(beside.name).replace(self._path)
        except OSError as fault:
            raise RingUnusable(f"{self._path} cannot be written: {fault.strerror}.") from fault


class SecretRings:
    """A secret of Secrets Manager."""

    def __init__(self, client: SecretsManagerClient, name: str) -> None:
        self._client, self._name = client, name

    def read(self) -> Ring | None:
        """The ring in the secret."""
        try:
            return _read(self._client.get_secret_value(SecretId=self._name)["SecretString"], self._name)
        except self._client.exceptions.ResourceNotFoundException:
            return None
        except KeyError:
            raise RingUnusable(f"the secret {self._name} cannot be read: there is no text in it.") from None
        except (ClientError, *FAULTS) as fault:
            raise RingUnusable(f"the secret {self._name} cannot be read: {fault}") from fault

    def write(self, ring: Ring) -> None:
        """A new version of the secret; the first makes it."""
        try:
            try:
                self._client.put_secret_value(SecretId=self._name, SecretString=ring.write())
            except self._client.exceptions.ResourceNotFoundException:
                self._client.create_secret(Name=self._name, SecretString=ring.write())
        except (ClientError, *FAULTS) as fault:
            raise RingUnusable(f"the secret {self._name} cannot be written: {fault}") from fault


def configured(config: Config, clients: Clients) -> Rings | None:
    """Where the configuration says that the ring is; None where a secret signs."""
    if config.jwt_keys_file:
        return FileRings(config.jwt_keys_file)
    if config.jwt_keys_secret_id:
        return SecretRings(clients.secrets(), config.jwt_keys_secret_id)
    return None


def _read(text: str, where: str) -> Ring:
    try:
        return Ring.read(text)
    except ValueError as fault:
        raise RingUnusable(f"{where} holds no ring of keys: {fault}") from fault
