"""Emails that may have an account where only approved ones may: by whom, since when, until when, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from .spec import APPROVED_EMAILS
from .store.wire import Item
from .table import Table
from .times import from_seconds, maybe_from_seconds, maybe_seconds, seconds


@dataclass(frozen=True, kw_only=True)
class Approval:
    """One approved email. Without `expires_at` it holds until somebody ends it."""

    email: str
    approved_by: str
    approved_at: datetime
    expires_at: datetime | None = None
    metadata: dict[str, str] = field(default_factory=dict)

    def holds(self, now: datetime) -> bool:
        """Whether it has not run out."""
        return self.expires_at is None or now < self.expires_at

    def outlasts(self, other: Approval) -> bool:
        """Whether it holds at least as long as another."""
        return self.expires_at is None or (other.expires_at is not None and self.expires_at >= other.expires_at)


class ApprovedEmails(Table):
    """The table of approved emails."""

    spec = APPROVED_EMAILS

    def find(self, email: str) -> Approval | None:
        """The approval of an email, read consistently."""
        item = self.get({"email": email})
        return from_item(item) if item else None

    def approve(self, approval: Approval) -> None:
        """Keep an approval, in place of the one before."""
        self.put(to_item(approval))

    def end(self, email: str) -> Approval | None:
        """End an approval; what it was, if there was one."""
        item = self.delete({"email": email})
        return from_item(item) if item else None


def to_item(approval: Approval) -> Item:
    """The item of an approval, with the seed's attributes."""
    return {
        "email": approval.email,
        "approvedBy": approval.approved_by,
        "approvedAt": seconds(approval.approved_at),
        "expiresAt": maybe_seconds(approval.expires_at),
        "metadata": dict(approval.metadata),
    }


def from_item(item: Item) -> Approval:
    """The approval that an item describes, also one that somebody wrote by hand."""
    return Approval(
        email=item["email"],
        approved_by=item.get("approvedBy", ""),
        approved_at=from_seconds(item.get("approvedAt", 0)),
        expires_at=maybe_from_seconds(item.get("expiresAt")),
        metadata={name: str(value) for name, value in (item.get("metadata") or {}).items()},
    )
