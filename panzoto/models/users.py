"""The table of people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from panzoto.errors import Conflict, SessionEnded

from .spec import USERS
from .store.expressions import Attr, Change, Condition, fixed
from .store.transaction import Member
from .store.wire import Item
from .table import Lost, Table
from .times import seconds
from .user import User, ended_member, from_item, to_item
from .user_conditions import epoch_is, roles_are

MOST_DEVICES = 20
NEW = fixed(Attr("user_id").not_exists())
# How far the clocks of our machines may be apart, with a request that takes its time.
CLOCKS_APART = timedelta(minutes=1)


class Users(Table):
    """The table of people."""

    spec = USERS

    def creating(self, user: User) -> Member:
        """The new person, as a member of the transaction that claims the email."""
        return self.putting(to_item(user), when=NEW)

    def find(self, user_id: str) -> User | None:
        """The person with that id, read consistently."""
        item = self.get({"user_id": user_id})
        return from_item(item) if item else None

    def change(self, user: User, now: datetime, changes: dict[str, Any], *, when: Condition | None = None) -> User:
        """Change attributes of a person who is still there; None takes an attribute away. Whoever loses hears it."""
        there = Attr("user_id").exists()
        guarded = there if when is None else there & when
        return from_item(self.update(_key(user), _change(changes, now), when=guarded, otherwise=Conflict))

    def guard(self, user: User, now: datetime, lasting: timedelta) -> None:
        """Let only known devices sign in for a while."""
        self.change(user, now, {"guarded_until": seconds(now + lasting)})

    def beginning_deletion(self, user: User, now: datetime) -> Member:
        """The mark of a deletion, from which moment nothing of theirs works any more, as a member of a transaction.

        Whoever deletes still may, and the epoch which the deletion raises is the newest.
        """
        changes = {"deleting_at": seconds(now), "session_epoch": user.epoch + 1}
        return self.changing(user, now, changes, when=roles_are(user) & epoch_is(user), otherwise=Conflict)

    def changing(
        self, user: User, now: datetime, changes: dict[str, Any], *, when: Condition, otherwise: Lost
    ) -> Member:
        """The same as `change`, as a member of a transaction."""
        guarded = Attr("user_id").exists() & when
        return self.updating(_key(user), _change(changes, now), when=guarded, otherwise=otherwise)

    def ending_session(self, user: User, session_id: str, now: datetime) -> Member:
        """The end of a session's access tokens, as a member of the transaction that ends its refresh tokens."""
        ended = Change(add={"ended_sessions": {ended_member(session_id, now)}})
        return self.updating(_key(user), ended, when=Attr("user_id").exists(), otherwise=SessionEnded)

    def forget_ended(self, user: User, now: datetime, lifetime: timedelta) -> None:
        """Forget the ended sessions whose access tokens have all expired."""
        stale = {ended_member(each, at) for each, at in user.ended.items() if at <= now - lifetime - CLOCKS_APART}
        if stale:
            self._change_if_there(user, Change(discard={"ended_sessions": stale}))

    def raise_epoch(self, user: User, now: datetime) -> User:
        """End all access tokens of a person at once, an old backend's too."""
        return from_item(self._change_if_there(user, _raised(now)))

    def raising_epoch(self, user: User, now: datetime) -> Member:
        """The same, as a member of a transaction."""
        return self.updating(_key(user), _raised(now), when=Attr("user_id").exists(), otherwise=SessionEnded)

    def remember_device(self, user: User, device: str) -> None:
        """Know a device that has signed in, unless the sessions have ended since; of too many one is forgotten."""
        if len(user.devices) >= MOST_DEVICES:
            self._change_if_there(user, Change(discard={"known_devices": {min(user.devices)}}))
        self.update(_key(user), Change(add={"known_devices": {device}}), when=epoch_is(user), otherwise=SessionEnded)

    def add_audio(self, user_id: str, amounts: Mapping[str, float]) -> None:
        """Count recordings that a person has now, or has not any more."""
        change = Change(add={name: int(amount) for name, amount in amounts.items()})
        self.update({"user_id": user_id}, change, when=Attr("user_id").exists(), otherwise=SessionEnded)

    def set_audio(self, user_id: str, amounts: Mapping[str, int]) -> None:
        """How many recordings a person has, as somebody has counted them."""
        self.update({"user_id": user_id}, Change(set=amounts), when=Attr("user_id").exists(), otherwise=SessionEnded)

    def delete_person(self, user_id: str) -> None:
        """Delete the item of a person, last of all that was theirs."""
        self.delete({"user_id": user_id})

    def _change_if_there(self, user: User, change: Change) -> Item:
        """A change without this condition would make an item of somebody who has just been deleted."""
        return self.update(_key(user), change, when=Attr("user_id").exists(), otherwise=SessionEnded)


def new_password(user: User, password_hash: str, now: datetime) -> Item:
    """The attributes of a new password, which ends every session of before."""
    return {
        "password_hash": password_hash,
        "password_suspended": None,
        "session_epoch": user.epoch + 1,
        "sessions_ended_at": seconds(now),
    }


def _raised(now: datetime) -> Change:
    return Change(add={"session_epoch": 1}, set={"sessions_ended_at": seconds(now), "updated_at": seconds(now)})


def _key(user: User) -> dict[str, str]:
    return {"user_id": user.user_id}


def _change(changes: dict[str, Any], now: datetime) -> Change:
    given = {name: value for name, value in changes.items() if value is not None}
    return Change(set={**given, "updated_at": seconds(now)}, remove=[name for name in changes if name not in given])
