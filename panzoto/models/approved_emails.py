"""Emails that may have an account where only approved ones may: by whom, since when, until when, and why."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from panzoto.errors import NotFound

from .spec import APPROVED_EMAILS, fits
from .store.expressions import Attr, Change, Condition, Key
from .store.transaction import Member
from .store.wire import Item
from .table import Table
from .times import from_seconds, maybe_seconds, seconds

# All approvals are in one list: they are written seldom, and read by people.
LISTED = "all"
SAID = ("approvedAt", "approvedBy", "expiresAt", "metadata")
NOT_APPROVED = "This email is not approved."


@dataclass(frozen=True, kw_only=True)
class Approval:
    """One approved email. Without `expires_at` it holds until somebody ends it; `version` is of what was read."""

    email: str
    approved_by: str
    approved_at: datetime
    expires_at: datetime | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    version: str = ""

    def holds(self, now: datetime) -> bool:
        """Whether it has not run out."""
        return self.expires_at is None or now < self.expires_at

    def outlasts(self, other: Approval) -> bool:
        """Whether it holds at least as long as another."""
        return self.expires_at is None or (other.expires_at is not None and self.expires_at >= other.expires_at)


@dataclass(frozen=True)
class ApprovalPage:
    """Some approvals of a list, and the cursor that goes on after them."""

    items: tuple[Approval, ...]
    cursor: str | None


class ApprovedEmails(Table):
    """The table of approved emails."""

    spec = APPROVED_EMAILS

    def find(self, email: str) -> Approval | None:
        """The approval of an email, read consistently."""
        item = self.get({"email": email})
        return from_item(item) if item else None

    def page(self, search: str, *, limit: int, cursor: str | None) -> ApprovalPage:
        """Approvals by email: all, those of a domain (`@example.com`), or those that begin so."""
        index = "list-index"
        where: Condition = Key("listed").eq(LISTED)
        if search.startswith("@") and search != "@":
            index, where = "domain-index", Key("domain").eq(search[1:])
        elif search.strip("@"):
            where &= Key("email").begins_with(search)
        if search and not fits(LISTED, search):
            return ApprovalPage((), None)  # no email is so long
        found = self.query(where, index=index, limit=limit, cursor=cursor)
        return ApprovalPage(tuple(map(from_item, found.items)), found.cursor)

    def enlist(self, email: str) -> None:
        """Put an approval on the lists, if it is still there."""
        with suppress(NotFound):
            self.update({"email": email}, Change(set=_places(email)), when=Attr("email").exists(), otherwise=NotFound)

    def giving(self, approval: Approval) -> Member:
        """An approval, in place of whatever there is, as a member of the transaction that makes whoever needs it."""
        return self.putting(to_item(approval))

    def replacing(self, before: Item | None, approval: Approval) -> Member:
        """An approval in place of what was read, or of none, as a member of a transaction."""
        return self.putting(to_item(approval), when=_is(before), otherwise=Crossed)

    def ending(self, before: Item) -> Member:
        """The end of the approval that was read, as a member of a transaction."""
        return self.deleting({"email": before["email"]}, when=_is(before), otherwise=Crossed)


class Crossed(Exception):
    """Somebody else has changed the approval since it was read."""


def _is(item: Item | None) -> Condition:
    """That an approval is the very one that was read, whatever it says: it may have been written by hand."""
    if item is None:
        return Attr("email").not_exists()
    same: Condition = Attr("email").exists()
    for name in SAID:
        same &= Attr(name).eq(item[name]) if name in item else Attr(name).not_exists()
    return same


def _version(item: Item) -> str:
    """What tells all that an approval says from everything else that it could say."""
    said = {name: item[name] for name in SAID if name in item}
    return sha256(json.dumps(said, default=_text, sort_keys=True).encode()).hexdigest()[:16]


def _text(value: Any) -> str:
    """What JSON does not know, in one way."""
    return repr(sorted(map(repr, value)) if isinstance(value, set) else value)


def to_item(approval: Approval) -> Item:
    """The item of an approval, with the seed's attributes, and with those by which lists find it."""
    return {
        "email": approval.email,
        **_places(approval.email),
        "approvedBy": approval.approved_by,
        "approvedAt": seconds(approval.approved_at),
        "expiresAt": maybe_seconds(approval.expires_at),
        "metadata": dict(approval.metadata),
    }


def _places(email: str) -> dict[str, str]:
    """By what the lists find an approval."""
    return {"listed": LISTED, "domain": email.rpartition("@")[2] or email}


def from_item(item: Item) -> Approval:
    """The approval that an item describes, also one that somebody wrote by hand."""
    metadata, ends = item.get("metadata"), item.get("expiresAt")
    about = metadata if isinstance(metadata, dict) else {}
    return Approval(
        email=item["email"],
        approved_by=str(item.get("approvedBy") or ""),
        approved_at=_time(item.get("approvedAt")),
        expires_at=None if ends is None else _time(ends),
        metadata={name: str(value) for name, value in about.items() if value is not None},
        version=_version(item),
    )


def _time(value: Any) -> datetime:
    """A time in seconds. What is none, or milliseconds, is the beginning of time: an approval until then is over."""
    try:
        return from_seconds(value)
    except (TypeError, ValueError, OverflowError, OSError):
        return from_seconds(0)
