"""What the `admin` routes answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from panzoto.web.schemas import Answer


class ApprovalShape(Answer):
    """One approved email."""

    email: str
    approved_by: str
    approved_at: datetime
    expires_at: datetime | None
    holds: bool
    metadata: dict[str, str]
    version: str


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
