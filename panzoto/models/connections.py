"""A person's connection to a provider as the vault's items hold it: the seed's attributes, and some of our own.

`expiresAt` is the access token's end and no TTL. `version` counts the writes. `leaseUntil`, in milliseconds, says until
when somebody refreshes the tokens just now. `revocation` has sealed tokens that wait for their end at the provider.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from panzoto.crypto.vault import Sealed
from panzoto.errors import ConnectionEnded

from .store.expressions import Change
from .store.wire import Item
from .times import from_seconds, maybe_from_seconds, maybe_seconds, seconds

if TYPE_CHECKING:
    from .user import User


@dataclass(frozen=True, kw_only=True)
class Revocation:
    """A grant that is to be ended at its provider: the tokens, sealed, that nobody reads any more but to do that."""

    tokens: Sealed = field(repr=False)
    since: datetime


@dataclass(frozen=True, kw_only=True)
class Connection:
    """One person's connection to one provider."""

    user_id: str
    provider: str
    issuer: str | None = None
    email: str | None = None
    user_info: Mapping[str, Any] = field(default_factory=dict)
    tokens: Sealed | None = field(default=None, repr=False)
    scope: str | None = None
    created_at: str | None = None
    updated_at: datetime | None = None
    expires_at: datetime | None = None
    active: bool = False
    last_used: datetime | None = None
    reason: str | None = None
    version: int = 0
    leased_until: datetime | None = None
    revocation: Revocation | None = None

    @property
    def sealed(self) -> Sealed:
        """The tokens; `ConnectionEnded` where there are none."""
        if self.tokens is None:
            raise ConnectionEnded
        return self.tokens

    @property
    def subject(self) -> str | None:
        """The identity's name at the provider."""
        found = self.user_info.get("sub")
        return found if isinstance(found, str) else None

    def signs_in(self, owner: User) -> bool:
        """Whether its owner signs in by it."""
        return self.provider in owner.identities

    def connected(self, owner: User) -> bool:
        """Whether its owner has its tokens: what was taken from the account gives none, though they may still work."""
        return self.active and self.signs_in(owner)


def millis(time: datetime) -> int:
    """Leases are shorter than seconds can tell apart."""
    return int(time.timestamp() * 1000)


def kept(new: Connection, now: datetime) -> Change:
    """What is written of a connection: the seed's attributes, and our own."""
    given = {
        "issuer": new.issuer,
        "email": new.email,
        "userInfo": dict(new.user_info),
        "encryptedTokens": new.tokens.as_item() if new.tokens else None,
        "scope": new.scope,
        "expiresAt": maybe_seconds(new.expires_at),
        "isActive": new.active,
        "inactiveReason": new.reason,
        "lastUsed": now.isoformat(),
        "updatedAt": now.isoformat(),
        "version": new.version,
        "revocation": _as_item(new.revocation),
    }
    there = {name: value for name, value in given.items() if value is not None}
    gone = [name for name in given if name not in there]
    return Change(set=there, default={"createdAt": now.isoformat()}, remove=[*gone, "leaseUntil"])


def ended(connection: Connection, reason: str, now: datetime) -> Change:
    """What is written when its owner ends a connection."""
    pending = Revocation(tokens=connection.tokens, since=now) if connection.tokens else connection.revocation
    inactive_now = inactive(reason, now, connection.version + 1)
    waiting = {"revocation": _as_item(pending)} if pending else {}
    return Change(set={**inactive_now, **waiting}, remove=["encryptedTokens", "leaseUntil"])


def inactive(reason: str, now: datetime, version: int) -> dict[str, Any]:
    """What is written of tokens that do not work any more."""
    return {"isActive": False, "inactiveReason": reason, "updatedAt": now.isoformat(), "version": version}


def _as_item(revocation: Revocation | None) -> dict[str, Any] | None:
    if revocation is None:
        return None
    return {"tokens": revocation.tokens.as_item(), "since": seconds(revocation.since)}


def from_item(item: Item) -> Connection:
    """The connection that an item describes, one that somebody wrote by hand too.

    What older software has sealed is sealed in a way of its own, and no write of ours has a version: there are no
    tokens then, until the next sign-in brings some.
    """
    is_ours = "version" in item
    sealed, waiting, leased = item.get("encryptedTokens"), item.get("revocation"), item.get("leaseUntil")
    sealed, ends = (sealed, item.get("expiresAt")) if is_ours else (None, None)
    used, updated = item.get("lastUsed"), item.get("updatedAt")
    return Connection(
        user_id=item["userId"],
        provider=item["provider"],
        issuer=item.get("issuer"),
        email=item.get("email"),
        user_info=item.get("userInfo") or {},
        tokens=Sealed.from_item(sealed) if sealed else None,
        scope=item.get("scope"),
        created_at=item.get("createdAt"),
        updated_at=datetime.fromisoformat(updated) if updated else None,
        expires_at=maybe_from_seconds(ends),
        active=is_ours and item.get("isActive", False),
        last_used=datetime.fromisoformat(used) if used else None,
        reason=item.get("inactiveReason"),
        version=item.get("version", 0),
        leased_until=_from_millis(leased) if leased else None,
        revocation=_revocation(waiting) if waiting else None,
    )


def _from_millis(value: int) -> datetime:
    return from_seconds(value // 1000) + timedelta(milliseconds=value % 1000)


def _revocation(item: Mapping[str, Any]) -> Revocation:
    return Revocation(tokens=Sealed.from_item(item["tokens"]), since=from_seconds(item["since"]))
