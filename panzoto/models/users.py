"""People: who they are and how they sign in."""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import UTC, datetime

from .expressions import Attr
from .spec import USERS
from .table import Table
from .transaction import Member
from .wire import Item


@dataclass(frozen=True, kw_only=True)
class User:
    """One person."""

    user_id: str
    email: str
    password_hash: str
    key_salt: bytes
    created_at: datetime
    roles: frozenset[str] = frozenset()


class Users(Table):
    """The table of people."""

    spec = USERS

    def creating(self, user: User) -> Member:
        """The new person, as a member of the transaction that claims the email."""
        return self.putting(to_item(user), when=Attr("user_id").not_exists())

    def find(self, user_id: str) -> User | None:
        """The person with that id."""
        item = self.get({"user_id": user_id})
        return from_item(item) if item else None


def to_item(user: User) -> Item:
    """The item of a person, with the seed's attributes."""
    item: Item = {
        "user_id": user.user_id,
        "email": user.email,
        "password_hash": user.password_hash,
        "key_salt": b64encode(user.key_salt).decode(),
        "created_at": int(user.created_at.timestamp()),
        "created_at_iso": user.created_at.isoformat(),
    }
    if user.roles:
        item["roles"] = set(user.roles)
    return item


def from_item(item: Item) -> User:
    """The person that an item describes."""
    return User(
        user_id=item["user_id"],
        email=item["email"],
        password_hash=item["password_hash"],
        key_salt=b64decode(item["key_salt"]),
        # Not `created_at`: it has no fractions, and where the seed wrote it the machine's time zone has shifted it.
        created_at=datetime.fromisoformat(item["created_at_iso"]).replace(tzinfo=UTC),
        roles=frozenset(item.get("roles", ())),
    )
