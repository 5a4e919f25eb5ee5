"""A stage on which actors go on one call at a time, in the order that somebody chooses, and crash where they are told.

An actor is a thread. It stops before each of its requests to AWS, where HTTP leaves the process, and before it waits
for another; our own code is never replaced. Then one goes on, up to its next stop: nothing else runs meanwhile.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from queue import SimpleQueue
from typing import Any, Protocol

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ReadTimeoutError

from panzoto.errors import PanzotoError
from tests.support.border import Send

SECONDS = 60
READING = ("GetItem", "BatchGetItem", "Query", "Decrypt")
Act = Callable[[], Any]


class Crash(BaseException):
    """The process of an actor ends; no code of ours can hear of it."""


class Fate(Enum):
    """What becomes of an actor at a stop."""

    GOES = "goes on"
    CRASHES_BEFORE = "crashes before the call"
    CRASHES_AFTER = "crashes after the call took effect"
    LOSES = "loses the answer of a call that took effect"


@dataclass
class Outcome:
    """How an actor ended: with what it returned, with a refusal, with a crash, or with a fault that is a defect."""

    value: Any = None
    refusal: PanzotoError | None = None
    crashed: bool = False
    fault: BaseException | None = None

    @property
    def done(self) -> bool:
        """Whether it returned."""
        return not (self.refusal or self.crashed or self.fault)


@dataclass
class Actor:
    """One who acts, and where it has stopped."""

    number: int
    fates: tuple[Fate, ...] = ()
    rests: bool = False
    fate: Fate = Fate.GOES
    outcome: Outcome | None = None
    go: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))


class Choices(Protocol):
    """Who goes on, and how."""

    def next(self, ready: Sequence[Actor], current: Actor | None) -> tuple[Actor, Fate]:
        """One of those that are ready."""


class Stage:
    """Everything that passes these clients in the thread of an actor is a stop; other threads are not stopped."""

    def __init__(self, *clients: Any) -> None:
        self._mine = threading.local()
        self._stopped: SimpleQueue[Actor] = SimpleQueue()
        for client in clients:
            self._stand_before(client)

    def play(self, acts: Sequence[Act], choices: Choices) -> list[Outcome]:
        """What came of each act, when all have ended."""
        actors = [Actor(number) for number, _ in enumerate(acts)]
        for actor, act in zip(actors, acts, strict=True):
            threading.Thread(target=self._run, args=(actor, act), daemon=True).start()
            self._stopped.get(timeout=SECONDS)
        current: Actor | None = None
        while ready := [each for each in actors if each.outcome is None]:
            awake = [each for each in ready if not each.rests] or ready
            current, fate = choices.next(awake, current if current in awake else None)
            self._go(current, fate, actors)
        return [each.outcome for each in actors if each.outcome]

    def _go(self, actor: Actor, fate: Fate, actors: Sequence[Actor]) -> None:
        actor.fate = fate
        actor.go.release()
        self._stopped.get(timeout=SECONDS)
        for other in actors:  # whoever waits for another looks again when one has gone on
            other.rests = other.rests and other is actor

    def rest(self, _: float) -> None:
        """What an actor calls that waits for another: a stop, but no call."""
        if (actor := getattr(self._mine, "actor", None)) is not None:
            actor.rests = True
            self._stop(actor, (Fate.GOES, Fate.CRASHES_BEFORE))

    def _run(self, actor: Actor, act: Act) -> None:
        self._mine.actor = actor
        self._stop(actor, (Fate.GOES,))
        try:
            actor.outcome = Outcome(act())
        except PanzotoError as refusal:
            actor.outcome = Outcome(refusal=refusal)
        except Crash:
            actor.outcome = Outcome(crashed=True)
        except BaseException as fault:  # noqa: BLE001 (whatever it is, it is a finding)
            actor.outcome = Outcome(fault=fault)
        self._stopped.put(actor)

    def _stop(self, actor: Actor, fates: tuple[Fate, ...]) -> None:
        actor.fates = fates
        self._stopped.put(actor)
        assert actor.go.acquire(timeout=SECONDS)
        if actor.fate is Fate.CRASHES_BEFORE:
            raise Crash

    def _stand_before(self, client: Any) -> None:
        name = client.meta.service_model.service_id.hyphenize()

        def meet(request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
            return self._meet(name, request, client._endpoint.http_session.send)

        client.meta.events.register_first(f"before-send.{name}", meet)

    def _meet(self, name: str, request: AWSPreparedRequest, send: Send) -> AWSResponse | None:
        actor: Actor | None = getattr(self._mine, "actor", None)
        if actor is None:
            return None
        self._stop(actor, _fates(name, request))
        if actor.fate is Fate.GOES:
            return None
        send(request)
        if actor.fate is Fate.CRASHES_AFTER:
            raise Crash
        raise ReadTimeoutError(endpoint_url=request.url)


def _fates(name: str, request: AWSPreparedRequest) -> tuple[Fate, ...]:
    """What may become of an actor at this call: one that only reads is as well not made."""
    target = request.headers.get("X-Amz-Target", b"")
    operation = (target.decode() if isinstance(target, bytes) else target).rpartition(".")[2]
    if operation in READING or request.method in {"GET", "HEAD"}:
        return (Fate.GOES, Fate.CRASHES_BEFORE)
    lost = (Fate.LOSES,) if name == "dynamodb" else ()
    return (Fate.GOES, Fate.CRASHES_BEFORE, Fate.CRASHES_AFTER, *lost)
