"""People: who they are, how they sign in, what ends their sessions, and their wrapped audio key."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from panzoto.errors import Conflict, SessionEnded

from .audio_keys import AudioKey, audio_key_attributes, audio_key_of, recovery_mark
from .spec import USERS
from .store.expressions import Attr, Change, Condition, fixed
from .store.transaction import Member
from .store.wire import Item
from .table import Lost, Table
from .times import from_iso, from_seconds, maybe_from_seconds, maybe_seconds, seconds

MOST_DEVICES = 20
# What somebody may do for the service: everything, or look and end sessions.
ADMIN, SUPPORT = "admin", "support"
ROLES = (ADMIN, SUPPORT)
NEW = fixed(Attr("user_id").not_exists())
# How far the clocks of our machines may be apart, with a request that takes its time.
CLOCKS_APART = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class User:
    """One person.

    `pending_email` waits for its link; `must_verify` says that nobody signs in before one was followed. A password that
    was set before anybody had proved that the email is theirs is suspended when somebody proves it. `epoch` is in
    every access token: raising it ends all sessions at once. `ended` has the sessions that were ended one by one, for
    as long as an access token of theirs could still work.
    """

    user_id: str
    email: str | None
    key_salt: bytes
    created_at: datetime
    password_hash: str | None = None
    password_suspended: bool = False
    name: str | None = None
    phone: str | None = None
    audio_key: AudioKey | None = None
    recovery_shown: str | None = None
    email_verified_at: datetime | None = None
    pending_email: str | None = None
    must_verify: bool = False
    roles: frozenset[str] = frozenset()
    epoch: int = 0
    sessions_ended_at: datetime | None = None
    ended: dict[str, datetime] = field(default_factory=dict)
    devices: frozenset[str] = frozenset()
    # The providers where an identity of theirs is linked: ways in, as a phone is one.
    identities: frozenset[str] = frozenset()
    guarded_until: datetime | None = None
    # Their recordings, as they were counted: a few seconds late, as a rule.
    audio_files: int = 0
    audio_bytes: int = 0
    disabled_at: datetime | None = None
    deleting_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def has_shown_recovery_key(self) -> bool:
        """Whether they have shown the recovery key of today: the one answer that brings it may be lost."""
        return self.audio_key is not None and self.recovery_shown == recovery_mark(self.audio_key)

    @property
    def may_sign_in(self) -> bool:
        """Whether the account is neither disabled nor on its way out."""
        return self.disabled_at is None and self.deleting_at is None

    def with_email_proved(self, now: datetime) -> User:
        """The person as they are once it is proved that the email is theirs."""
        return replace(self, email_verified_at=self.email_verified_at or now, must_verify=False)

    def is_guarded(self, now: datetime) -> bool:
        """Whether so many have guessed the password that only known devices sign in for now."""
        return self.guarded_until is not None and now < self.guarded_until


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

    def begin_deletion(self, user: User, now: datetime) -> User:
        """Mark a person for deletion, from which moment nothing of theirs works any more."""
        return self.change(user, now, _deleting(user, now), when=_as_read(user))

    def beginning_deletion(self, user: User, now: datetime) -> Member:
        """The same, as a member of the transaction that takes an administrator away."""
        return self.changing(user, now, _deleting(user, now), when=_as_read(user), otherwise=Conflict)

    def changing(
        self, user: User, now: datetime, changes: dict[str, Any], *, when: Condition, otherwise: Lost
    ) -> Member:
        """The same as `change`, as a member of a transaction."""
        guarded = Attr("user_id").exists() & when
        return self.updating(_key(user), _change(changes, now), when=guarded, otherwise=otherwise)

    def ending_session(self, user: User, session_id: str, now: datetime) -> Member:
        """The end of a session's access tokens, as a member of the transaction that ends its refresh tokens."""
        ended = Change(add={"ended_sessions": {_ended(session_id, now)}})
        return self.updating(_key(user), ended, when=Attr("user_id").exists(), otherwise=SessionEnded)

    def forget_ended(self, user: User, now: datetime, lifetime: timedelta) -> None:
        """Forget the ended sessions whose access tokens have all expired."""
        stale = {_ended(each, at) for each, at in user.ended.items() if at <= now - lifetime - CLOCKS_APART}
        if stale:
            self._change_if_there(user, Change(discard={"ended_sessions": stale}))

    def raise_epoch(self, user: User, now: datetime) -> User:
        """End all access tokens of a person at once, an old backend's too."""
        change = Change(add={"session_epoch": 1}, set={"sessions_ended_at": seconds(now), "updated_at": seconds(now)})
        return from_item(self._change_if_there(user, change))

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


def _as_read(user: User) -> Condition:
    """That whoever deletes still may, and that the epoch which the deletion raises is the newest."""
    return roles_are(user) & epoch_is(user)


def _deleting(user: User, now: datetime) -> Item:
    return {"deleting_at": seconds(now), "session_epoch": user.epoch + 1}


def password_is(user: User) -> Condition:
    """That the password is the one that was read, or that there still is none."""
    if user.password_hash is None:
        return Attr("password_hash").not_exists()
    return Attr("password_hash").eq(user.password_hash)


def phone_is(user: User) -> Condition:
    """That the phone is the one that was read, or that there still is none."""
    if user.phone is None:
        return Attr("phone_number").not_exists()
    return Attr("phone_number").eq(user.phone)


def _salt(text: str) -> bytes:
    """The salt, as old software wrote it; none where that is no base64."""
    try:
        return b64decode(text)
    except ValueError:
        return b""


def identities_are(user: User) -> Condition:
    """That nothing was linked or unlinked since the person was read."""
    if not user.identities:
        return Attr("identities").not_exists()
    return Attr("identities").eq(set(user.identities))


def email_is(user: User) -> Condition:
    """That the email is the one that was read, or that there still is none."""
    if user.email is None:
        return Attr("email").not_exists()
    return Attr("email").eq(user.email)


def ways_in_are(user: User) -> Condition:
    """That phone and identities are those that were read; a deletion, which raises the epoch, must not miss a claim."""
    return phone_is(user) & identities_are(user) & epoch_is(user)


def roles_are(user: User) -> Condition:
    """That the roles are those that were read, or that there still are none."""
    if not user.roles:
        return Attr("roles").not_exists()
    return Attr("roles").eq(set(user.roles))


def epoch_is(user: User) -> Condition:
    """That the sessions of a person have not been ended since the person was read."""
    same: Condition = Attr("session_epoch").eq(user.epoch)
    return same if user.epoch else same | Attr("session_epoch").not_exists()


def _key(user: User) -> dict[str, str]:
    return {"user_id": user.user_id}


def _ended(session_id: str, at: datetime) -> str:
    """A member of the set of ended sessions: sets grow and shrink without being read first."""
    return f"{session_id} {seconds(at)}"


def _change(changes: dict[str, Any], now: datetime) -> Change:
    given = {name: value for name, value in changes.items() if value is not None}
    return Change(set={**given, "updated_at": seconds(now)}, remove=[name for name in changes if name not in given])


def to_item(user: User) -> Item:
    """The item of a person, with the seed's attributes; what there is none of is left out."""
    optional = {
        "email": user.email,
        "password_hash": user.password_hash,
        "password_suspended": user.password_suspended or None,
        "recovery_key_shown": user.recovery_shown,
        "name": user.name,
        "phone_number": user.phone,
        "pending_email": user.pending_email,
        "must_verify": user.must_verify or None,
        "email_verified_at": maybe_seconds(user.email_verified_at),
        "sessions_ended_at": maybe_seconds(user.sessions_ended_at),
        "guarded_until": maybe_seconds(user.guarded_until),
        "disabled_at": maybe_seconds(user.disabled_at),
        "deleting_at": maybe_seconds(user.deleting_at),
        "updated_at": maybe_seconds(user.updated_at),
        "ended_sessions": {_ended(each, at) for each, at in user.ended.items()} or None,
        **{name: each or None for name, each in _sets_and_counts(user).items()},
        **(audio_key_attributes(user.audio_key) if user.audio_key else {}),
    }
    return {
        "user_id": user.user_id,
        "key_salt": b64encode(user.key_salt).decode(),
        "created_at": seconds(user.created_at),
        "created_at_iso": user.created_at.isoformat(),
        "session_epoch": user.epoch,
        **{name: value for name, value in optional.items() if value is not None},
    }


def _sets_and_counts(user: User) -> Item:
    """What is left out where it is empty: DynamoDB has no empty sets."""
    sets = {"roles": user.roles, "known_devices": user.devices, "identities": user.identities}
    counts = {"audio_files": user.audio_files, "audio_bytes": user.audio_bytes}
    return {**{name: set(each) for name, each in sets.items()}, **counts}


def from_item(item: Item) -> User:
    """The person that an item describes; items that older software wrote lack what it did not know."""
    return User(
        user_id=item["user_id"],
        email=item.get("email"),
        password_hash=item.get("password_hash"),
        password_suspended=item.get("password_suspended", False),
        key_salt=_salt(item.get("key_salt") or ""),
        # Not `created_at`: it has no fractions, and where the seed wrote it the machine's time zone has shifted it.
        created_at=from_iso(item["created_at_iso"]),
        name=item.get("name"),
        phone=item.get("phone_number"),
        audio_key=audio_key_of(item),
        recovery_shown=item.get("recovery_key_shown"),
        email_verified_at=maybe_from_seconds(item.get("email_verified_at")),
        pending_email=item.get("pending_email"),
        must_verify=item.get("must_verify", False),
        roles=frozenset(item.get("roles", ())),
        epoch=item.get("session_epoch", 0),
        sessions_ended_at=maybe_from_seconds(item.get("sessions_ended_at")),
        ended={each: from_seconds(int(at)) for each, at in (one.split() for one in item.get("ended_sessions", ()))},
        devices=frozenset(item.get("known_devices", ())),
        identities=frozenset(item.get("identities", ())),
        guarded_until=maybe_from_seconds(item.get("guarded_until")),
        audio_files=int(item.get("audio_files", 0)),
        audio_bytes=int(item.get("audio_bytes", 0)),
        disabled_at=maybe_from_seconds(item.get("disabled_at")),
        deleting_at=maybe_from_seconds(item.get("deleting_at")),
        updated_at=maybe_from_seconds(item.get("updated_at")),
    )
