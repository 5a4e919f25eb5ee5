"""What the `admin` routes are asked."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from panzoto.flows.approvals_csv import moment
from panzoto.web.schemas import Body, Path, Query

from .auth import Email

Text = Annotated[str, Field(max_length=1000)]
Limit = Annotated[int, Field(ge=1, le=200)]
Cursor = Annotated[str, Field(max_length=4096)]
Moment = Annotated[str, Field(max_length=40)]


class UserPath(Path):
    """Which person."""

    user_id: Annotated[str, Field(max_length=128)]


class SessionPath(UserPath):
    """Which session of a person."""

    session_id: Annotated[str, Field(max_length=128)]


class RolePath(UserPath):
    """Which role of a person."""

    role: Annotated[str, Field(max_length=32)]


class FlowPath(Path):
    """Which OAuth flow."""

    flow_id: Annotated[str, Field(max_length=128)]


class EmailPath(Path):
    """Which approved email."""

    email: Annotated[str, Field(max_length=320)]


class Days(Query):
    """How many days, today the last."""

    days: Annotated[int, Field(ge=1, le=365)] = 30


class Search(Query):
    """The beginning of an email, a whole one, or a domain such as @example.com."""

    search: Annotated[str, Field(max_length=320)] = ""
    limit: Limit = 50
    cursor: Cursor | None = None


class Person(Query):
    """An id, an email or a phone number such as +14155552671."""

    q: Annotated[str, Field(min_length=1, max_length=320)]


class AuditQuery(Query):
    """Which events, newest first."""

    subject: Annotated[str, Field(min_length=1, max_length=512)] | None = None
    actor: Annotated[str, Field(min_length=1, max_length=512)] | None = None
    action: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    since: Moment | None = None
    until: Moment | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class Says(Body):
    """What an approval says; one without `expires_at` holds until somebody ends it."""

    expires_at: Moment | None = None
    company: Text | None = None
    reason: Text | None = None
    notes: Text | None = None

    @property
    def ends(self) -> datetime | None:
        """When it ends."""
        return None if self.expires_at is None else moment(self.expires_at, "expires_at")

    @property
    def metadata(self) -> dict[str, str]:
        """Why it was given."""
        about = {"company": self.company, "reason": self.reason, "notes": self.notes}
        return {name: each for name, each in about.items() if each}


class Change(Says):
    """What an approval says from now on; with a version, instead of that one and no other."""

    version: Annotated[str, Field(max_length=100)] | None = None


class NewApproval(Says):
    """An email, and what its approval says."""

    email: Email


class Import(Body):
    """CSV with the columns email, expires_at, company, reason, notes, approved_by; only the first is needed."""

    csv: Annotated[str, Field(min_length=1)]
