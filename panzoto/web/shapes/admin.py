"""The bodies of the `admin` routes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from panzoto.flows.approvals_csv import moment
from panzoto.web.schemas import Answer, Body, Path, Query

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

    subject: Annotated[str, Field(max_length=512)] | None = None
    actor: Annotated[str, Field(max_length=512)] | None = None
    action: Annotated[str, Field(max_length=64)] | None = None
    since: Moment | None = None
    until: Moment | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class Change(Body):
    """What an approval says; one without `expires_at` holds until somebody ends it."""

    expires_at: Moment | None = None
    company: Text | None = None
    reason: Text | None = None
    notes: Text | None = None

    @property
    def ends(self) -> datetime | None:
        """When it ends."""
        return None if self.expires_at is None else moment(self.expires_at)

    @property
    def metadata(self) -> dict[str, str]:
        """Why it was given."""
        about = {"company": self.company, "reason": self.reason, "notes": self.notes}
        return {name: each for name, each in about.items() if each}


class NewApproval(Change):
    """An email, and what its approval says."""

    email: Email


class Import(Body):
    """CSV with the columns email, expires_at, company, reason, notes, approved_by; only the first is needed."""

    csv: Annotated[str, Field(min_length=1)]


class ApprovalShape(Answer):
    """One approved email."""

    email: str
    approved_by: str
    approved_at: datetime
    expires_at: datetime | None
    holds: bool
    metadata: dict[str, str]


class ApprovalList(Answer):
    """Some approvals, by email."""

    approvals: list[ApprovalShape]
    cursor: str | None


class FaultShape(Answer):
    """A row that did not land, and why."""

    where: str
    problem: str


class ImportedShape(Answer):
    """What an import has done."""

    approved: list[str]
    faults: list[FaultShape]


class PersonShape(Answer):
    """What may be shown of a person."""

    user: dict[str, Any]


class DetailShape(PersonShape):
    """One person, how they sign in, where, and what happened lately."""

    ways_in: list[str]
    sessions: list[dict[str, Any]]
    connections: list[dict[str, Any]]
    activity: list[dict[str, Any]]
    links: list[dict[str, Any]]
    approval: ApprovalShape | None


class EndedShape(Answer):
    """How many sessions were ended."""

    ended: int


class SentShape(Answer):
    """Where the link went."""

    sent_to: str


class FlowList(Answer):
    """A person's OAuth flows, newest first."""

    flows: list[dict[str, Any]]


class FlowShape(Answer):
    """One OAuth flow, step by step."""

    flow_id: str
    provider: str | None
    user_id: str | None
    steps: list[dict[str, Any]]


class EventList(Answer):
    """Events, newest first. A page may be short and have a cursor: it was looked back as far as `back_to`."""

    events: list[dict[str, Any]]
    cursor: str | None
    back_to: datetime | None


class FiguresShape(Answer):
    """How much happens, day by day, and what it costs."""

    days: list[dict[str, Any]]
    active_sessions: int
    audio_files: int
    audio_bytes: int
    dollars: float
    per_million_reads: float
    per_million_writes: float
