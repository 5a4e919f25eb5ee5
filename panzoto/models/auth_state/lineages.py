"""The lineage of a session's refresh tokens: one item, whose counter says which token is the newest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from panzoto.errors import DeviceMismatch, SessionEnded
from panzoto.models.spec import AUTH_STATE
from panzoto.models.store.batches import Write
from panzoto.models.store.expressions import Attr, Change, Condition
from panzoto.models.store.transaction import Member
from panzoto.models.store.wire import Item
from panzoto.models.table import Table
from panzoto.models.times import from_seconds, seconds

from .keys import key

KIND = "REFRESH_TOKEN"


@dataclass(frozen=True, kw_only=True)
class Lineage:
    """The refresh tokens of one session. `counter` is the newest; `rotated_at` is when it was made."""

    session_id: str
    user_id: str
    phone: str | None
    device_id: str | None
    counter: int
    epoch: int
    roles: frozenset[str]
    amr: tuple[str, ...]
    created_at: datetime
    rotated_at: datetime
    expires_at: datetime
    revoked: bool = False

    def lives(self, now: datetime, idle: timedelta) -> bool:
        """Whether the session goes on."""
        return not self.revoked and now < self.expires_at and now < self.rotated_at + idle


@dataclass(frozen=True)
class Lifetimes:
    """How long a lost answer may be asked for again, and how long a session may rest."""

    grace: timedelta
    idle: timedelta


class RefreshReused(Exception):
    """A refresh token was presented that its child has replaced: somebody has a copy. The family must end."""

    def __init__(self, lineage: Lineage) -> None:
        super().__init__("a refresh token was used again")
        self.lineage = lineage


class Lineages(Table):
    """`REFRESH_TOKEN#<FamilyID>`: one for each session."""

    spec = AUTH_STATE

    def find(self, session_id: str) -> Lineage | None:
        """The lineage of a session, read consistently."""
        item = self.get(key(KIND, session_id))
        return from_item(item) if item else None

    def find_many(self, session_ids: list[str]) -> list[Lineage]:
        """The lineages of those sessions that have one."""
        return [from_item(item) for item in self.get_many(key(KIND, each) for each in session_ids)]

    def rotate(self, session_id: str, counter: int, device_id: str | None, now: datetime, life: Lifetimes) -> Lineage:
        """Replace the newest token by its child: one conditional write, which of many callers one wins.

        The others, and whoever lost the answer, present the parent again: within its grace, while the child is
        unused, they get the same child. Anything older raises `RefreshReused`.
        """
        try:
            item = self.update(
                key(KIND, session_id),
                Change(
                    set={"Counter": counter + 1, "RotatedAt": seconds(now), "JTI": f"{session_id}.{counter + 1}"},
                ),
                when=_newest(counter, device_id, now, life),
                otherwise=lambda item: _NotRotated(item),  # noqa: PLW0108 (a class would be raised without the item)
            )
        except _NotRotated as refused:
            return _child_of(counter, refused.lineage, device_id, now, life)
        return from_item(item)

    def revoke(self, session_id: str, now: datetime) -> bool:
        """End the lineage for good; whether it was there. Doing it again changes nothing."""
        try:
            self.update(key(KIND, session_id), _revoked(now), when=Attr("PK").exists(), otherwise=SessionEnded)
        except SessionEnded:
            return False
        return True

    def revoking(self, session_id: str, now: datetime) -> Member:
        """The same, as a member of the transaction that ends the access tokens too."""
        return self.updating(key(KIND, session_id), _revoked(now), when=Attr("PK").exists(), otherwise=SessionEnded)

    def forgetting(self, session_id: str) -> Write:
        """The deletion of a lineage, with what it says of a person; a refresh token without one has ended."""
        return self.batched_delete(key(KIND, session_id))


class _NotRotated(Exception):
    """The condition of a rotation did not hold; this is what was there."""

    def __init__(self, item: Item | None) -> None:
        super().__init__("the token is not the newest of a living session")
        self.lineage = from_item(item) if item else None


def _revoked(now: datetime) -> Change:
    return Change(set={"Revoked": True, "RevokedAt": seconds(now)})


def _newest(counter: int, device_id: str | None, now: datetime, life: Lifetimes) -> Condition:
    """That the token is the newest of a living session, and comes from the device that the session is bound to."""
    bound: Condition = Attr("DeviceID").eq(None)
    if device_id is not None:
        bound |= Attr("DeviceID").eq(device_id)
    return (
        Attr("Counter").eq(counter)
        & Attr("Revoked").eq(False)
        & Attr("ExpiresAt").gt(seconds(now))
        & Attr("RotatedAt").gt(seconds(now - life.idle))
        & bound
    )


def _child_of(counter: int, lineage: Lineage | None, device_id: str | None, now: datetime, life: Lifetimes) -> Lineage:
    """The lineage whose newest token is the child of that counter, when it may be given again."""
    if lineage is None or lineage.revoked or now >= lineage.expires_at or counter > lineage.counter:
        raise SessionEnded
    in_grace = counter == lineage.counter - 1 and now < lineage.rotated_at + life.grace
    if counter < lineage.counter and not in_grace:  # whatever device it comes from: somebody has kept a copy
        raise RefreshReused(lineage)
    if lineage.device_id not in (None, device_id):
        raise DeviceMismatch
    if not in_grace:  # the newest, of a session that has rested too long
        raise SessionEnded
    return lineage


def to_item(lineage: Lineage) -> Item:
    """The item of a lineage, with the seed's attributes."""
    return {
        **key(KIND, lineage.session_id),
        "JTI": f"{lineage.session_id}.{lineage.counter}",
        "UserID": lineage.user_id,
        "Phone": lineage.phone,
        "FamilyID": lineage.session_id,
        "Revoked": lineage.revoked,
        "CreatedAt": seconds(lineage.created_at),
        "ExpiresAt": seconds(lineage.expires_at),
        "TTL": seconds(lineage.expires_at),
        "DeviceID": lineage.device_id,
        "Counter": lineage.counter,
        "RotatedAt": seconds(lineage.rotated_at),
        "Epoch": lineage.epoch,
        "Roles": sorted(lineage.roles),
        "AMR": list(lineage.amr),
    }


def from_item(item: Item) -> Lineage:
    """The lineage that an item describes."""
    return Lineage(
        session_id=item["FamilyID"],
        user_id=item["UserID"],
        phone=item["Phone"],
        device_id=item["DeviceID"],
        counter=item["Counter"],
        epoch=item["Epoch"],
        roles=frozenset(item["Roles"]),
        amr=tuple(item["AMR"]),
        created_at=from_seconds(item["CreatedAt"]),
        rotated_at=from_seconds(item["RotatedAt"]),
        expires_at=from_seconds(item["ExpiresAt"]),
        revoked=item["Revoked"],
    )
