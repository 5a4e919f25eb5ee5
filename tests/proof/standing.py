"""The service as the harnesses play on it: no limits, no waits, a clock of their own, and a stage before AWS."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import limits
from panzoto import create_app
from tests.accounts.conftest import QUICK, Service, begun
from tests.proof.harness import Place
from tests.proof.stage import Stage

UNLIMITED = limits.changed(",".join(f"{limit.name}=1000000/1h" for limit in limits.DEFAULTS.each))
# A busy machine is no outage: what is tried here is the order of things.
PATIENT: dict[str, Any] = {"rate_limits": UNLIMITED, "dynamodb_deadline": timedelta(seconds=100)}


@dataclass(frozen=True)
class Standing:
    """The service, and the stage before it."""

    service: Service
    stage: Stage

    @property
    def deps(self) -> Any:
        """What it stands on."""
        return self.service.deps


def standing(place: Place, **changes: Any) -> Standing:
    """The service on a new account, with its tables, bucket, keys and sender."""
    service = served(place, **(QUICK | PATIENT | {"decrypt_jobs_at_once": 0} | changes))
    deps: Any = service.deps
    stage = Stage(deps.gateway._client, deps.key_service._client, deps.bucket._client, deps.copies._client)
    deps.gateway._wait = lambda _: None
    deps = replace(deps, wait=stage.rest)
    service = replace(service, deps=deps, http=create_app(deps.config, deps).test_client())
    return Standing(service, stage)


def served(place: Place, **changes: Any) -> Service:
    """The service on a new account, as it is configured by default but for these changes."""
    return begun(place.config(**changes))
