"""A mixed load while AWS is unwell: nothing that was answered as done is lost, and nobody is refused for it."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

from structlog.testing import capture_logs

from panzoto import create_app
from providers import Provider
from tests.accounts.conftest import QUICK, Service
from tests.oauth.conftest import at
from tests.proof.crowd import LATER, Crowd
from tests.proof.harness import Figures, Place, Size
from tests.proof.hostility import lives, tries_all
from tests.proof.people import Person, registered
from tests.proof.provided import provider
from tests.proof.standing import UNLIMITED, served
from tests.proof.storm import Storm

TITLE = "Faults at the border of AWS, over a mixed load of all flows"
RATES = (0.02, 0.1, 0.3)
# The longest that an answer takes: the deadline of DynamoDB, and the few attempts at S3, KMS and mail.
DEADLINE = 30.0
RECOVERY = 5.0


class Timed:
    """Asks the application, and notes the slowest answer."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self.slowest = 0.0

    def __call__(self, method: str, path: str, body: Any, token: str | None) -> tuple[int, dict[str, Any]]:
        began = time.monotonic()
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = self._service.http.open(path, method=method, json=body, headers=headers)
        self.slowest = max(self.slowest, time.monotonic() - began)
        return answer.status_code, answer.get_json(silent=True) or {}


def begun(place: Place, *providers: Provider) -> tuple[Service, Storm, Crowd, Timed]:
    """The service, a storm that has not begun before it, and nobody yet. Who waits there moves the clock."""
    random = Random(7)
    long = {"jwt_access_expiry": timedelta(hours=1)}
    service = served(place, **QUICK, **long, rate_limits=UNLIMITED, decrypt_jobs_at_once=0, oauth_providers=providers)
    deps: Any = replace(service.deps, wait=lambda seconds: service.clock.pass_by(seconds=seconds))
    service = replace(service, deps=deps, http=create_app(deps.config, deps).test_client())
    senders = [deps.post._senders[channel]._client for channel in ("email", "sms")]
    storm = Storm(random, deps.gateway._client, deps.key_service._client, deps.bucket._client, *senders)
    ask = Timed(service)
    return service, storm, Crowd(ask, lambda to: [each["text"] for each in service.mails(to)], random), ask


def prove(place: Place, size: Size) -> Figures:
    """Storms of each strength, and what is there after them."""
    with provider() as told, capture_logs() as logs:
        service, storm, crowd, ask = begun(place, at(told.issuer))
        people = [registered(crowd) for _ in range(size.of(2, 10))]
        for rate in RATES:
            storm.rate = rate
            for _ in range(size.of(8, 200)):
                lives(crowd.random.choice(people), 1, later=LATER)
            people.append(registered(crowd))
            storm.rate = 0.0
            calm(crowd, people)
        service.deps.later.finish()
    told = sum(each["event"] == "unexpected_error" for each in logs)
    if crowd.statuses[500] > told:
        crowd.violations.append(f"{crowd.statuses[500]} answers of 500, and {told} log lines that say why")
    if ask.slowest > DEADLINE:
        crowd.violations.append(f"an answer took {ask.slowest:.1f} seconds")
    return figures_of(crowd, storm, ask)


def calm(crowd: Crowd, people: list[Person]) -> None:
    """After the storm everybody is let in within seconds, and finds what they have kept."""
    began = time.monotonic()
    people[0].look()
    if time.monotonic() - began > RECOVERY:
        crowd.violations.append("the service did not recover within seconds")
    later = sum(crowd.statuses[each] for each in (500, 502, 503))
    for person in people:
        person.refresh()
        person.look()
        person.lists()
        person.comes_back()
        if not person.kept:  # or it were luck whether anybody has something to decrypt
            person.records()
        person.decrypts()
        person.connects()
    tries_all(crowd)
    if sum(crowd.statuses[each] for each in (500, 502, 503)) != later:
        crowd.violations.append("somebody was told to come later when all was well")


def figures_of(crowd: Crowd, storm: Storm, ask: Timed) -> Figures:
    """What was tried, and what came of it."""
    figures = Figures(violations=crowd.violations)
    figures.add({"requests": crowd.statuses.total(), "faults injected": storm.met.total()})
    figures.add({"kinds of faults": len(storm.met), "acts answered as done": crowd.acts.total()})
    figures.add({name: crowd.acts[name] for name in ("decrypt", "token of a provider", "hostile, refused")})
    figures.add({f"answers of {status}": count for status, count in sorted(crowd.statuses.items())})
    figures.add({"seconds of the slowest answer": round(ask.slowest, 1)})
    return figures
