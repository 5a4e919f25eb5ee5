"""The log of a flow: every step, kept when the act ends, however it ends; no secret and no code is in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from panzoto import counters
from panzoto.crypto.text import new_id
from panzoto.deps import Deps
from panzoto.errors import OAuthDenied, PanzotoError
from panzoto.flows.client import Client
from panzoto.logs import redacted
from panzoto.models.oauth_logs import Step


class Steps:
    """The steps of one flow, as far as one request takes it. From `of` on they are a person's."""

    def __init__(self, deps: Deps, provider: str, client: Client, now: datetime, flow_id: str | None = None) -> None:
        self.flow_id = flow_id or new_id("flow_")
        self._deps, self._provider, self._client, self._now = deps, provider, client, now
        self._user_id: str | None = None
        self._taken: list[Step] = []

    def of(self, user_id: str) -> None:
        """Whose flow it is, from here on."""
        self._user_id = user_id

    def goes_on(self, flow_id: str | None) -> None:
        """The flow that this request belongs to."""
        self.flow_id = flow_id or self.flow_id

    def add(self, step: str, error: str | None = None, **data: Any) -> None:
        """Note a step."""
        counters.OAUTH_STEPS.labels(self._provider, step).inc()
        self._taken.append(
            Step(
                flow_id=self.flow_id,
                step=step,
                at=self._now,
                address=self._client.address,
                user_agent=self._client.user_agent,
                user_id=self._user_id,
                data=redacted({"provider": self._provider, **data}),
                error=error,
            )
        )

    def count_failure(self) -> None:
        """Count a sign-in that did not come about."""
        self._deps.tally.count(f"failed#oauth:{self._provider}")

    def keep(self) -> None:
        """Write what was noted."""
        taken, self._taken = self._taken, []
        if taken:
            self._deps.oauth_logs.record(taken)


@contextmanager
def followed(steps: Steps, *, signing_in: bool = False) -> Iterator[Steps]:
    """Keep the steps of what happens inside; a fault is the last of them."""
    try:
        yield steps
    except Exception as fault:
        said = {"reason": reason} if (reason := getattr(fault, "reason", None)) else {}
        steps.add("denied" if isinstance(fault, OAuthDenied) else "failed", _name(fault), **said)
        if signing_in:
            steps.count_failure()
        raise
    finally:
        steps.keep()


def _name(fault: Exception) -> str:
    """The name of a fault as the log has it; what is none of ours is a defect."""
    known = type(fault).__name__ if isinstance(fault, PanzotoError) else "Defect"
    return re.sub(r"(?<!^)(?=[A-Z])", "_", known).lower()
