"""What was recorded, held against the rendered policies: what falls outside of them, and what of them nothing used."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from panzoto.cli.render.iam import BY_HAND, operator_policy, service_policy
from tests.house.source import ROOT

from .actions import Need
from .policies import Policy
from .recording import OPERATOR, SERVICE

# A folder of an older deployment, as the tests name it to Terraform's `older_folders`.
OLDER = "audio"


@dataclass(frozen=True)
class Call:
    """One kind of call, by whom it was made, and in which test it was first seen."""

    who: str
    need: Need
    where: str

    def __str__(self) -> str:
        context = "".join(f", {name} = {'/'.join(values)}" for name, values in self.need.context)
        return f"{self.need.action} on {self.need.resource}{context}, by the {self.who}, in {self.where or 'no test'}"


def policies() -> dict[str, Policy]:
    """Who may do what. What `make run` and the tests do by themselves, they do on emulators, as their owners."""
    return {SERVICE: Policy(service_policy(), older_recordings()), OPERATOR: Policy(operator_policy())}


def older_recordings() -> str:
    """What Terraform grants the service besides, where an older deployment has left recordings."""
    text = (ROOT / "infra" / "terraform" / "service.tf").read_text(encoding="utf-8")
    (actions,) = re.findall(r'Sid += "OlderRecordings"\n.*\n +Action += (\[.*\])', text)
    statement = {"Sid": "OlderRecordings", "Effect": "Allow", "Action": orjson.loads(actions)}
    statement["Resource"] = f"{BY_HAND.bucket_arn}/{OLDER}/*"
    return orjson.dumps({"Statement": [statement]}).decode()


def recorded(folder: Path) -> Iterator[Call]:
    """What all processes have written."""
    for file in sorted(folder.glob("*.jsonl")):
        for who, action, resource, context, where in map(orjson.loads, file.read_bytes().splitlines()):
            yield Call(who, Need(action, resource, _context(context)), where)


def _context(pairs: list[list[Any]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((name, tuple(values)) for name, values in pairs)


def outside(calls: Iterable[Call], permitted: Mapping[str, Policy]) -> list[str]:
    """A line for each kind of call that nothing permits."""
    found: dict[tuple[str, Need], Call] = {}
    for call in calls:
        if call.who in permitted and not permitted[call.who].used_by(call.need):
            found.setdefault((call.who, call.need), call)
    return sorted(f"outside of the policy: {call}" for call in found.values())


def unused(calls: Iterable[Call], permitted: Mapping[str, Policy]) -> list[str]:
    """A line for each grant that no call was for."""
    left = {(who, grant) for who, policy in permitted.items() for grant in policy.grants()}
    for call in calls:
        if call.who in permitted:
            left -= {(call.who, grant) for grant in permitted[call.who].used_by(call.need)}
    return sorted(
        f"granted and not used: {grant.action} on {grant.resource} ({grant.sid}), to the {who}" for who, grant in left
    )
