"""The approval of an email: what is on record is what happened, in whatever order."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any

from panzoto.flows.approvals import approve, end_approval
from tests.accounts.conftest import new_email
from tests.proof.play import Play, calm
from tests.proof.stage import Outcome
from tests.proof.standing import Standing


def approval(on: Standing) -> Play:
    """Two operators approve an email, each for something else, while a third ends whatever there is."""
    deps, email = on.deps, new_email()
    given = approve(deps, email, "before")

    def check(outcomes: list[Outcome]) -> None:
        told = [each["details"] for each in deps.audit.all_of(f"email:{email}")]
        assert len(told) <= 1 + len(outcomes), "an act is told twice"
        if calm(outcomes) and not any(each.refusal for each in outcomes):
            assert len(told) >= len(outcomes), "an act without its event"
        found = deps.approved_emails.find(email)
        steps = Counter(_by(each["after"]) for each in told)
        steps.subtract(_by(each["before"]) for each in told)
        expected = Counter([found.approved_by if found else None])
        expected.subtract([None])
        assert _count(steps) == _count(expected), "what is on record does not lead to what there is"

    assert given.approved_by == "before"
    acts = [partial(approve, deps, email, by) for by in ("one", "other")]
    return Play([*acts, partial(end_approval, deps, email, "third")], check)


def _by(said: Any) -> str | None:
    return said["approved_by"] if said else None


def _count(steps: Counter[str | None]) -> dict[str | None, int]:
    return {name: count for name, count in steps.items() if count}
