"""People whom older software wrote without a claim of their email are given it, so that they can sign in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from panzoto.deps import Deps
from panzoto.errors import Conflict, EmailTaken
from panzoto.flows._addresses import maybe_email, normal_email
from panzoto.models.store.expressions import Attr, Condition
from panzoto.models.store.transaction import transact
from panzoto.models.store.wire import Item
from panzoto.models.user import User, from_item
from panzoto.models.user_conditions import email_is

from ._record import recording
from .staff import Admin


class Outcome(Enum):
    """What becomes of somebody: `GONE` is who is deleted, or on the way out."""

    ADOPTED = "adopted"
    CLAIMED = "claimed"
    GONE = "gone"


@dataclass(frozen=True)
class _Orphan:
    """Somebody who can be adopted: as they are, the email that is to be claimed, and which attributes are null."""

    user: User
    email: str
    nulls: tuple[str, ...]


def lacking(deps: Deps, items: Iterable[Item]) -> Iterator[tuple[str, str | None]]:
    """Those of some people who do not have the claim of their email: the id, and the email; None where it is none."""
    emails = {item["user_id"]: _email_of(item) for item in items}
    owners = deps.emails.owners(filter(None, emails.values()))
    for user_id, email in emails.items():
        if email is None or owners.get(email) != user_id:
            yield user_id, email


def check(deps: Deps, user_id: str) -> Outcome:
    """What `adopt` would come to; raises as it would, and writes nothing."""
    found = _find(deps, user_id)
    return found if isinstance(found, Outcome) else Outcome.ADOPTED


def adopt(deps: Deps, admin: Admin, user_id: str) -> Outcome:
    """Claim the email of somebody, and bring it into the form in which it is claimed; raises for whom that cannot be.

    Commit point: the transaction of the claim, the person and the event. A crash after it costs nothing.
    """
    now = deps.clock()
    try:
        return _adopt(deps, admin, user_id, now)
    except Conflict:  # somebody came to the email or to the person at this moment: it is looked at again, once
        return _adopt(deps, admin, user_id, now)


def _adopt(deps: Deps, admin: Admin, user_id: str, now: datetime) -> Outcome:
    found = _find(deps, user_id)
    if isinstance(found, Outcome):
        return found
    user, email = found.user, found.email
    changes: dict[str, Any] = {"email": email, **dict.fromkeys(found.nulls)}
    claiming = deps.emails.claiming(email, user_id)
    changing = deps.users.changing(user, now, changes, when=_as_read(found), otherwise=Conflict)
    recorded = recording(deps, admin, user_id, "adopted", now, before={"email": user.email}, after={"email": email})
    transact(deps.gateway, claiming, changing, recorded)
    return Outcome.ADOPTED


def _find(deps: Deps, user_id: str) -> _Orphan | Outcome:
    """Somebody who can be adopted, or why nothing is to be done; raises for whom it cannot be done."""
    item = deps.users.get({"user_id": user_id})
    if item is None or "deleting_at" in item:
        return Outcome.GONE
    user = from_item(item)
    email = normal_email(user.email or "")
    owner = deps.emails.owners([email]).get(email)
    if owner == user_id:
        return Outcome.CLAIMED
    if owner is not None:
        raise EmailTaken(f"the email belongs to {owner} already")
    _check_phone(deps, user)
    return _Orphan(user, email, tuple(name for name, value in item.items() if value is None))


def _check_phone(deps: Deps, user: User) -> None:
    """Raise for a phone number without its claim: no seed writes one, and a claim would let in whoever has it now.

    Left as it is, it would be in the way of every link to the email, which takes an unproved phone away with its claim.
    """
    if user.phone is not None and (deps.phones.find(user.phone) or {}).get("user_id") != user.user_id:
        raise Conflict("their phone number is not claimed, and only a code to it may do that: take it from the item")


def _as_read(found: _Orphan) -> Condition:
    """That the person is as they were read, and stays; nulls, which no condition of ours takes for nothing, go."""
    same: Condition = email_is(found.user) & Attr("deleting_at").not_exists()
    for name in found.nulls:
        same &= Attr(name).attribute_type("NULL")
    return same


def _email_of(item: Item) -> str | None:
    email = item["email"]
    return maybe_email(email) if isinstance(email, str) else None
