"""The vault: one item for each person and provider, its tokens sealed.

Every write is conditional on the version that was read, so that nothing overwrites something newer; and of many who
would refresh the same tokens one has the lease.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from panzoto.crypto.vault import Sealed
from panzoto.errors import Conflict

from .connections import Connection, ended, from_item, inactive, kept, millis
from .spec import OAUTH_TOKENS
from .store.expressions import Attr, Change, Condition, Key
from .store.transaction import Member
from .store.wire import Item
from .table import Table


class LeaseHeld(Exception):
    """Somebody else refreshes just now, or has just done it."""


class OAuthTokens(Table):
    """The vault."""

    spec = OAUTH_TOKENS

    def find(self, user_id: str, provider: str) -> Connection | None:
        """A connection, read consistently."""
        item = self.get({"userId": user_id, "provider": provider})
        return from_item(item) if item else None

    def of(self, user_id: str) -> list[Item]:
        """Every connection of a person, as it is kept."""
        return list(self.query_all(Key("userId").eq(user_id)))

    def connections(self, user_id: str) -> list[Connection]:
        """Every connection of a person."""
        return [from_item(item) for item in self.of(user_id)]

    def keep(self, old: Connection, new: Connection, now: datetime) -> None:
        """Keep new tokens, unless the connection is another one than was read; whoever loses hears it."""
        self.update(_key(old), kept(new, now), when=_is(old), otherwise=Conflict)

    def keeping(self, old: Connection | None, new: Connection, now: datetime) -> Member:
        """The same, or a first connection, as a member of the transaction that makes or links the person."""
        when = _is(old) if old else Attr("userId").not_exists()
        return self.updating(_key(new), kept(new, now), when=when, otherwise=Conflict)

    def lease(self, connection: Connection, now: datetime, until: datetime) -> Connection:
        """Become the one who refreshes, until then at the latest; of many, one does, and the others get `LeaseHeld`."""
        free = Attr("leaseUntil").not_exists() | Attr("leaseUntil").lte(millis(now))
        change = Change(set={"leaseUntil": millis(until)})
        return from_item(self.update(_key(connection), change, when=_is(connection) & free, otherwise=LeaseHeld))

    def rest(self, connection: Connection, until: datetime) -> None:
        """Let nobody try again before then: the provider does not answer."""
        change = Change(set={"leaseUntil": millis(until)})
        self.update(_key(connection), change, when=_is(connection) & _holds(connection), otherwise=LeaseHeld)

    def end(self, connection: Connection, reason: str, now: datetime) -> None:
        """Say that the tokens do not work any more, and erase them; whoever refreshed meanwhile keeps theirs."""
        change = Change(set=inactive(reason, now, connection.version + 1), remove=["encryptedTokens", "leaseUntil"])
        self.update(_key(connection), change, when=_is(connection) & _holds(connection), otherwise=LeaseHeld)

    def ending(self, connection: Connection, reason: str, now: datetime) -> Member:
        """The same by its owner, as a member: the sealed tokens wait for their revocation and for nothing else."""
        return self.updating(_key(connection), ended(connection, reason, now), when=_is(connection), otherwise=Conflict)

    def disconnect(self, connection: Connection, reason: str, now: datetime) -> Connection:
        """The same alone."""
        change = ended(connection, reason, now)
        return from_item(self.update(_key(connection), change, when=_is(connection), otherwise=Conflict))

    def erase(self, connection: Connection) -> None:
        """Erase the tokens that waited for their revocation; those of a newer connection stay."""
        change = Change(remove=["revocation"])
        self.update(_key(connection), change, when=_is(connection), otherwise=Conflict)

    def touch(self, connection: Connection, now: datetime) -> None:
        """Note that the tokens were used."""
        change = Change(set={"lastUsed": now.isoformat()})
        self.update(_key(connection), change, when=_is(connection), otherwise=Conflict)

    def rewrap(self, connection: Connection, tokens: Sealed | None, revocation: Sealed | None) -> None:
        """Keep the same tokens, sealed anew, unless somebody else has written since they were read."""
        new: dict[str, Any] = {"version": connection.version + 1}
        if tokens is not None:
            new["encryptedTokens"] = tokens.as_item()
        if revocation is not None:
            new["revocation.tokens"] = revocation.as_item()
        free: Condition = Attr("leaseUntil").not_exists()
        if connection.leased_until is not None:
            free = Attr("leaseUntil").eq(millis(connection.leased_until))
        self.update(_key(connection), Change(set=new), when=_is(connection) & free, otherwise=Conflict)

    def forget(self, user_id: str) -> None:
        """Delete every connection of a person, with its tokens."""
        self.write_many(deletes=[{"userId": user_id, "provider": each["provider"]} for each in self.of(user_id)])


def _key(connection: Connection) -> dict[str, str]:
    return {"userId": connection.user_id, "provider": connection.provider}


def _is(connection: Connection) -> Condition:
    """That the connection is the very one that was read. Items that older software wrote have no version."""
    there: Condition = Attr("userId").exists()
    if connection.version:
        return there & Attr("version").eq(connection.version)
    return there & Attr("version").not_exists()


def _holds(connection: Connection) -> Condition:
    return Attr("leaseUntil").eq(millis(connection.leased_until) if connection.leased_until else 0)
