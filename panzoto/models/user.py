"""A person: who they are, how they sign in, what ends their sessions, and their wrapped audio key."""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import dataclass, field, replace
from datetime import datetime

from .audio_keys import AudioKey, audio_key_attributes, audio_key_of, recovery_mark
from .store.wire import Item
from .times import from_iso, from_seconds, maybe_from_seconds, maybe_seconds, seconds

# What somebody may do for the service: everything, or look and end sessions.
ADMIN, SUPPORT = "admin", "support"
ROLES = (ADMIN, SUPPORT)


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

    def with_changes(self, changes: Item) -> User:
        """The person after such changes of the item; None takes an attribute away.

        It is so where a transaction asks for all that is shown or decided by it to be as it was read.
        """
        item = {**to_item(self), **changes}
        return from_item({name: value for name, value in item.items() if value is not None})

    def is_guarded(self, now: datetime) -> bool:
        """Whether so many have guessed the password that only known devices sign in for now."""
        return self.guarded_until is not None and now < self.guarded_until


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
        "ended_sessions": {ended_member(each, at) for each, at in user.ended.items()} or None,
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


def ended_member(session_id: str, at: datetime) -> str:
    """A member of the set of ended sessions: sets grow and shrink without being read first."""
    return f"{session_id} {seconds(at)}"


def _salt(text: str) -> bytes:
    """The salt, as old software wrote it; none where that is no base64."""
    try:
        return b64decode(text)
    except ValueError:
        return b""
