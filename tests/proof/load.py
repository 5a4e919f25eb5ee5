"""Real processes under a mixed load with a few who mean ill: nothing leaks, nothing grows, and a flood stops nobody."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from random import Random
from typing import Any

import orjson

from tests.accounts.conftest import QUICK, new_email
from tests.proof import canaries
from tests.proof.crowd import Crowd
from tests.proof.front import Front, serving
from tests.proof.harness import Figures, Place, Size
from tests.proof.hostility import lives
from tests.proof.people import API, Person, registered
from tests.proof.provided import provider
from tests.proof.standing import UNLIMITED, served
from tests.support.server import environment

TITLE = "Load on nginx and gunicorn, a flood of sign-ins beside it, and canaries in every secret"
PEOPLE, FLOODING = 4, 6
# After its first minutes a process has all the memory that hashing takes, and grows no more.
MOST_GROWTH, MOST_DESCRIPTORS = 48.0, 24
MOST_SECONDS = 8.0


@dataclass
class Door:
    """One client: an address of its own, as long as the loopback has some, and the seconds that its answers took."""

    port: int
    address: str
    seconds: list[float] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)

    def __call__(self, method: str, path: str, body: Any, token: str | None) -> tuple[int, dict[str, Any]]:
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60, source_address=(self.address, 0))
        began = time.monotonic()
        try:
            connection.request(method, path, None if body is None else orjson.dumps(body), headers)
            answer = connection.getresponse()
            said = answer.read()
        finally:
            connection.close()
        self.seconds.append(time.monotonic() - began)
        if answer.status >= 400:
            self.refusals.append(f"{answer.getheaders()} {said.decode(errors='replace')}")
        found = orjson.loads(said) if said[:1] == b"{" else {}
        return answer.status, found


def prove(place: Place, size: Size) -> Figures:
    """An hour's worth in minutes."""
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin")
    if nginx is None:
        return Figures(missing="nginx is not installed")
    service = served(place, **QUICK)
    account = service.deps.config.aws_access_key_id or ""
    more = {"ARGON2_MEMORY_KIB": "12288", "ARGON2_ITERATIONS": "3", "RATE_LIMITS": str(UNLIMITED)}
    more |= {"TRUSTED_PROXIES": "1", "OUTBOX_URL": place.emulator, "S3_BUCKET": service.deps.config.s3_bucket}
    with tempfile.TemporaryDirectory(prefix="panzoto-proof-") as name, provider() as told:
        folder = Path(name)
        more |= {"OAUTH_PROVIDERS": "acme", "OAUTH_ACME_ISSUER": told.issuer, "OAUTH_ACME_CLIENT_ID": "panzoto"}
        with serving(nginx, environment(place.emulator, account, **more), folder) as front:
            doors = [Door(front.port, f"127.0.1.{number + 1}") for number in range(PEOPLE)]
            crowds = [
                Crowd(door, lambda to: [each["text"] for each in service.mails(to)], Random(number))
                for number, door in enumerate(doors)
            ]
            figures = loaded(front, crowds, doors, size)
            places = {"the metrics": metrics(front)}
        places |= {f"the file {each}": text for each, text in front.written().items()}
    places |= {"an answer that refuses": "\n".join(each for door in doors for each in door.refusals)}
    places |= canaries.kept(service.deps)
    secrets = {secret for crowd in crowds for secret in crowd.secrets}
    figures.violations += canaries.found(secrets, places)
    figures.add({"secrets looked for": len(secrets), "places looked at": len(places)})
    return figures


def metrics(front: Front) -> str:
    """What Prometheus reads."""
    with closing(HTTPConnection("127.0.0.1", front.port, timeout=20)) as connection:
        connection.request("GET", "/metrics")
        return connection.getresponse().read().decode()


def loaded(front: Front, crowds: list[Crowd], doors: list[Door], size: Size) -> Figures:
    """The load, and then the same people while others flood the sign-in."""
    people = [registered(crowd) for crowd in crowds]
    together([partial(lives, each, size.of(4, 40)) for each in people])
    memory, descriptors = front.memory(), front.descriptors()
    for door in doors:
        door.seconds.clear()
    together([partial(lives, each, size.of(8, 400)) for each in people])
    calm = [seconds for door in doors for seconds in door.seconds]
    growth, more = front.memory() - memory, front.descriptors() - descriptors
    wrong = unwell(crowds)
    flooded, tried = flood(front, people, doors, size.of(10, 150))
    violations = [each for crowd in crowds for each in crowd.violations]
    if unwell(crowds) != wrong:
        violations.append("in a flood somebody who is signed in was told to come later")
    if (size is Size.FULL and growth > MOST_GROWTH) or more > MOST_DESCRIPTORS:
        violations.append(f"{growth:.0f} MiB and {more} descriptors more than at the beginning")
    if percentile(flooded) > MOST_SECONDS:
        violations.append(f"in a flood somebody who is signed in waits for {percentile(flooded):.1f} seconds")
    figures = Figures(violations=violations)
    answers = sum(crowd.statuses.total() for crowd in crowds)
    figures.add({"requests": answers + tried, "of them in the flood": tried, "answers of 5xx": unwell(crowds)})
    figures.add({"MiB more at the end": round(growth, 1), "descriptors more": more})
    figures.add({"seconds, 99th percentile": round(percentile(calm), 3)})
    figures.add({"seconds, 99th percentile, signed in, in the flood": round(percentile(flooded), 3)})
    return figures


def unwell(crowds: list[Crowd]) -> int:
    """How many answers said that it was the service's fault."""
    return sum(crowd.statuses[each] for crowd in crowds for each in (500, 502, 503))


def looks_on(person: Person, times: int) -> None:
    """Ask so many times who they are."""
    for _ in range(times):
        person.look()


def flood(front: Front, people: list[Person], doors: list[Door], looks: int) -> tuple[list[float], int]:
    """How long people wait for who they are while others guess passwords without a pause; and how often those did."""
    over = threading.Event()
    floods = [Door(front.port, f"127.0.2.{number + 1}") for number in range(FLOODING)]
    body = {"email": new_email(), "password": "a wrong password"}

    def guess(door: Door) -> None:
        while not over.is_set():
            door("POST", f"{API}/login", body, None)

    threads = [threading.Thread(target=guess, args=(door,), daemon=True) for door in floods]
    for thread in threads:
        thread.start()
    for door in doors:
        door.seconds.clear()
    together([partial(looks_on, each, looks) for each in people])
    over.set()
    for thread in threads:
        thread.join(60)
    return [seconds for door in doors for seconds in door.seconds], sum(len(door.seconds) for door in floods)


def together(acts: list[Callable[[], Any]]) -> None:
    """All at once, until the last has ended; what one of them raises is raised."""
    faults: list[BaseException] = []

    def run(act: Callable[[], Any]) -> None:
        try:
            act()
        except BaseException as fault:  # noqa: BLE001 (it is raised below)
            faults.append(fault)

    threads = [threading.Thread(target=run, args=(act,), daemon=True) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for fault in faults:
        raise fault


def percentile(seconds: list[float], share: float = 0.99) -> float:
    """What that share of them stays below."""
    return sorted(seconds)[int(len(seconds) * share)] if seconds else 0.0
