"""The seed's `models.py`, as far as it writes: what it puts into the tables of people and recordings."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import boto3
from argon2 import PasswordHasher

from panzoto.deps import Deps

from .conftest import PASSWORD, Office

SALT = bytes(range(32))
HASH = PasswordHasher().hash(PASSWORD)
AT = datetime(2024, 5, 6, 7, 8, 9, 123456, tzinfo=UTC)


@dataclass
class User:
    """Somebody. The seed's registration gives `datetime.utcnow()`, its migration what the old database says."""

    user_id: str
    email: str
    password_hash: str | None
    key_salt: bytes | None
    created_at: datetime

    def item(self) -> dict[str, Any]:
        """What `save` puts."""
        return {
            "user_id": self.user_id,
            "email": self.email,
            "password_hash": self.password_hash,
            "key_salt": base64.b64encode(self.key_salt).decode("utf-8") if self.key_salt else None,
            "created_at": int(self.created_at.timestamp()),
            "created_at_iso": self.created_at.isoformat(),
        }


@dataclass
class AudioFile:
    """A recording."""

    file_id: str
    user_id: str
    s3_key: str
    file_size: int | None
    uploaded_at: datetime

    def item(self) -> dict[str, Any]:
        """What `save` puts."""
        return {
            "file_id": self.file_id,
            "user_id": self.user_id,
            "s3_key": self.s3_key,
            "file_size": self.file_size,
            "uploaded_at": int(self.uploaded_at.timestamp()),
            "uploaded_at_iso": self.uploaded_at.isoformat(),
        }


def save(deps: Deps, made: User | AudioFile) -> None:
    """Put it by boto3's resource, as the seed does."""
    resource = boto3.resource(
        "dynamodb",
        endpoint_url=deps.config.aws_endpoint,
        region_name=deps.config.aws_region,
        aws_access_key_id=deps.config.aws_access_key_id,
        aws_secret_access_key="test",
    )
    table = deps.users if isinstance(made, User) else deps.audio_files
    resource.Table(table.name).put_item(Item=made.item())


def seeded(office: Office, user_id: str, email: str, **more: Any) -> str:
    """Somebody as the seed's `app.py` registers them; their id."""
    given = {"password_hash": HASH, "key_salt": SALT, "created_at": AT.replace(tzinfo=None), **more}
    save(office.deps, User(user_id=user_id, email=email, **given))
    return user_id


def adopted(office: Office, *words: str) -> tuple[int, list[str], list[str]]:
    """How `flask users adopt` ends, what it says, and of whom it says that something is wrong."""
    ended = office.flask("users", "adopt", *words)
    return ended.exit_code, sorted(ended.stdout.splitlines()), sorted(ended.stderr.splitlines())


def claimed_by(office: Office, email: str) -> str | None:
    """Whose an email is."""
    return (office.deps.emails.find(email) or {}).get("user_id")
