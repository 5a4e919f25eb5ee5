"""Where the ring of signing keys is kept: a file that nobody else reads, or a secret of Secrets Manager."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from uuid import NAMESPACE_OID, uuid5

from botocore.exceptions import ClientError

from panzoto.crypto.ring import Ring

from .keepers import FAULTS

if TYPE_CHECKING:
    from types_boto3_secretsmanager import SecretsManagerClient

    from config import Config
    from panzoto.aws.clients import Clients


class RingUnusable(Exception):
    """The ring cannot be read or written; the text is for the operator."""


Make = Callable[[Ring | None], Ring]


class Rings(Protocol):
    """A place that keeps one ring."""

    def read(self) -> Ring | None:
        """The ring, or None where there is none yet."""

    def change(self, make: Make) -> Ring:
        """Keep what is made of the ring that is there. Of two who do so at one moment, one is refused."""


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
        except UnicodeDecodeError:
            raise RingUnusable(f"{self._path} holds no ring of keys: it is no text.") from None

    def change(self, make: Make) -> Ring:
        """Write beside it and put in its place, so that no moment has half a ring."""
        with self._held():
            made = make(self.read())
            self._write(made)
        return made

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Hold its folder while the block runs."""
        try:
            folder = os.open(self._path.parent, os.O_RDONLY)
        except OSError as fault:
            raise RingUnusable(f"{self._path.parent} cannot be used: {fault.strerror}.") from fault
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError:
            raise RingUnusable(
                f"Somebody else changes {self._path} at this moment; look with flask keys show."
            ) from None
        except OSError as fault:  # NFS for one holds nothing that is not open for writing, as no folder is
            raise RingUnusable(f"{self._path.parent} cannot be held for a change: {fault.strerror}.") from fault
        finally:
            os.close(folder)

    def _write(self, ring: Ring) -> None:
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
        return self._versioned()[1]

    def change(self, make: Make) -> Ring:
        """A new version of the secret, whose name follows from the one that it was made of: there can be but one."""
        version, ring = self._versioned()
        made = make(ring)
        try:
            self._write(made.write(), version)
        except self._client.exceptions.ResourceExistsException:
            raise RingUnusable(
                f"Somebody else has changed the secret {self._name} meanwhile; see flask keys show. If a version of it "
                "was taken back, put its value there as a new version first."
            ) from None
        except (ClientError, *FAULTS) as fault:
            raise RingUnusable(f"the secret {self._name} cannot be written: {fault}") from fault
        return made

    def _write(self, text: str, version: str | None) -> None:
        following = str(uuid5(NAMESPACE_OID, f"{self._name} after {version}"))
        if version is None:
            with suppress(self._client.exceptions.ResourceExistsException):  # it may be there, and hold nothing yet
                self._client.create_secret(Name=self._name, SecretString=text, ClientRequestToken=following)
                return
        self._client.put_secret_value(SecretId=self._name, SecretString=text, ClientRequestToken=following)

    def _versioned(self) -> tuple[str | None, Ring | None]:
        try:
            said = self._client.get_secret_value(SecretId=self._name)
            return said["VersionId"], _read(said["SecretString"], self._name)
        except self._client.exceptions.ResourceNotFoundException:
            return None, None
        except KeyError:
            raise RingUnusable(f"the secret {self._name} cannot be read: there is no text in it.") from None
        except (ClientError, *FAULTS) as fault:
            raise RingUnusable(f"the secret {self._name} cannot be read: {fault}") from fault


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
