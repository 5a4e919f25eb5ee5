"""What happened on the way to another provider and back, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from panzoto.deps import Deps
from panzoto.errors import NotFound
from panzoto.models.audit_events import moment_of
from panzoto.models.oauth_logs import OF_NOBODY
from panzoto.models.store.wire import Item

from .staff import Staff

# A flow has a dozen steps; a person's newest are enough to find the flows that somebody asks about.
MOST_STEPS = 200
MOST_FLOWS = 20


@dataclass(frozen=True)
class StepSeen:
    """One step; its data was redacted before it was kept."""

    at: datetime
    step: str
    data: dict[str, Any]
    error: str | None
    address: str
    user_agent: str
    user_id: str | None


@dataclass(frozen=True)
class FlowTimeline:
    """One flow, in order."""

    flow_id: str
    provider: str | None
    user_id: str | None
    steps: tuple[StepSeen, ...]


@dataclass(frozen=True)
class FlowSeen:
    """A flow on one line: what became of it, as far as it concerns the person."""

    flow_id: str
    provider: str | None
    began_at: datetime
    ended_at: datetime
    steps: int
    outcome: str
    error: str | None


def flows_of(deps: Deps, _: Staff, user_id: str) -> tuple[FlowSeen, ...]:
    """A person's flows, newest first, out of their newest steps."""
    flows: dict[str, list[StepSeen]] = {}
    for item in deps.oauth_logs.newest(user_id, MOST_STEPS):
        flows.setdefault(item.get("flowId") or "", []).insert(0, _step(item))
    return tuple(_seen(flow_id, steps) for flow_id, steps in flows.items() if flow_id)[:MOST_FLOWS]


def flow(deps: Deps, _: Staff, flow_id: str) -> FlowTimeline:
    """One flow, those steps too that nobody was known at."""
    steps = tuple(map(_step, deps.oauth_logs.first_of_flow(flow_id, MOST_STEPS)))
    if not steps:
        raise NotFound("There is no such flow, or its steps are not kept any more.")
    user_id = next((each.user_id for each in steps if each.user_id), None)
    return FlowTimeline(flow_id, _provider(steps), user_id, steps)


def _seen(flow_id: str, steps: list[StepSeen]) -> FlowSeen:
    last = steps[-1]
    return FlowSeen(flow_id, _provider(steps), steps[0].at, last.at, len(steps), last.step, last.error)


def _provider(steps: list[StepSeen] | tuple[StepSeen, ...]) -> str | None:
    return next((str(each.data["provider"]) for each in steps if "provider" in each.data), None)


def _step(item: Item) -> StepSeen:
    """A step, one that somebody's older software has written too."""
    data = item.get("data")
    return StepSeen(
        at=moment_of(item["timestamp"]),
        step=str(item.get("step") or ""),
        data=data if isinstance(data, dict) else {},
        error=item.get("error"),
        address=str(item.get("ipAddress") or ""),
        user_agent=str(item.get("userAgent") or ""),
        user_id=None if item["userId"].startswith(OF_NOBODY) else item["userId"],
    )
