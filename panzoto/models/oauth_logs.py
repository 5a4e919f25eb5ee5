"""The steps of OAuth flows: one item each, in order for a person and for a flow, kept for a time."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from .spec import OAUTH_LOGS
from .store.expressions import Key
from .store.gateway import Gateway
from .store.wire import Item
from .table import Table
from .times import seconds

INDEX = "flow-index"
OF_NOBODY = "flow#"
# Steps of one process at one moment stay in their order.
_number = count()


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step. `data` is redacted before it comes here; before anybody is known a step is under its flow."""

    flow_id: str
    step: str
    at: datetime
    address: str
    user_agent: str
    user_id: str | None = None
    data: dict[str, Any] = field(default_factory=dict)
    error: str | None = None


class OAuthLogs(Table):
    """The table of steps."""

    spec = OAUTH_LOGS

    def __init__(self, gateway: Gateway, name: str, keep: timedelta) -> None:
        super().__init__(gateway, name)
        self._keep = keep

    def record(self, steps: list[Step]) -> None:
        """Keep steps, in their order."""
        self.write_many(puts=[to_item(step, self._keep) for step in steps])

    def of(self, user_id: str) -> Iterator[Item]:
        """Every step of a person's flows, in order."""
        return self.query_all(Key("userId").eq(user_id))

    def newest(self, user_id: str, limit: int) -> list[Item]:
        """The newest steps of a person's flows, newest first."""
        return self.query(Key("userId").eq(user_id), newest_first=True, limit=limit).items

    def first_of_flow(self, flow_id: str, limit: int) -> list[Item]:
        """The first steps of a flow, in order; more than these no flow has."""
        return self.query(Key("flowId").eq(flow_id), index=INDEX, limit=limit).items

    def forget(self, user_id: str) -> None:
        """Delete every step of a person's flows, and what was noted of those before the person was known."""
        found = list(self.of(user_id))
        for flow_id in {each["flowId"] for each in found if "flowId" in each}:
            found += self.of(OF_NOBODY + flow_id)
        self.write_many(deletes=[{"userId": each["userId"], "timestamp": each["timestamp"]} for each in found])


def to_item(step: Step, keep: timedelta) -> Item:
    """The item of a step, with the seed's attributes. The tail keeps two steps of one moment apart, and in order."""
    moment = step.at.isoformat(timespec="microseconds")
    return {
        "userId": step.user_id or OF_NOBODY + step.flow_id,
        "timestamp": f"{moment}#{next(_number) % 10**10:010d}{secrets.token_hex(4)}",
        "flowId": step.flow_id,
        "step": step.step,
        "data": step.data,
        **({"error": step.error} if step.error else {}),
        "ipAddress": step.address,
        "userAgent": step.user_agent,
        "ttl": seconds(step.at + keep),
    }
