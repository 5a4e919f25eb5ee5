"""`flask users adopt` while something else happens: a crash, a registration, a deletion, another run, a lost answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from panzoto.cli import operating
from panzoto.deps import Deps, build
from panzoto.errors import Conflict
from panzoto.flows.admin.adopt import Outcome, adopt
from panzoto.flows.delete_me import erase
from panzoto.flows.register import register
from panzoto.models.store.expressions import Change
from tests.support import border, races
from tests.support.effort import tries
from tests.support.people import leave
from tests.support.phones import HERE

from .conftest import BOSS, PASSWORD, Office, new_email, opened
from .seed import HASH, adopted, claimed_by, seeded

MOST_CALLS = 20
ROUNDS = tries(12, at_home=4)
ORPHAN = "usr_old"


class Crash(BaseException):
    """The process ends; no code of ours can hear of it."""


@pytest.fixture
def office(ministack: str) -> Office:
    """A service of this test alone: the command looks at everybody."""
    return opened(ministack)


class Calls:
    """What one call of DynamoDB meets that the command makes, counted from 1; the others go through."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.number = self.made = 0
        self.step: border.Step = border.through
        self.is_it: Callable[[Any], bool] = lambda _: self.made == self.number
        monkeypatch.setattr(operating, "build", self._build)

    def meet(self, number: int, step: border.Step) -> None:
        """Let that call meet this step."""
        self.made, self.number, self.step = 0, number, step

    def _build(self, *given: Any, **named: Any) -> Deps:
        deps = build(*given, **named)
        border.at(deps.gateway._client, then=self._next)
        return deps

    def _next(self, request: Any, send: Any) -> Any:
        self.made += 1
        return self.step(request, send) if self.is_it(request) else None


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """The calls of the command."""
    return Calls(monkeypatch)


@dataclass(frozen=True)
class Met:
    """Somebody whose adoption met something: how the command ended, and whose the email is by then."""

    user_id: str
    email: str
    code: int
    wrong: list[str]
    owner: str | None


Steps = Callable[[str, str], border.Step]


def before(act: Callable[[str, str], object]) -> Steps:
    """Let something happen before a call."""
    return lambda user_id, email: border.after(lambda: act(user_id, email), border.through)


def each_call(office: Office, calls: Calls, steps: Steps, **more: Any) -> list[Met]:
    """Adopt somebody new each time, whom something meets one call later than the last, until no call is left."""
    met: list[Met] = []
    for number in range(1, MOST_CALLS):
        email = new_email()
        user_id = seeded(office, f"usr_{number:02}", email.upper(), **more)
        calls.meet(number, steps(user_id, email))
        try:
            code, _, wrong = adopted(office)
        except Crash:
            code, wrong = 1, []
        met.append(Met(user_id, email, code, wrong, claimed_by(office, email)))
        is_whole(office, met[-1])
        if met[-1].owner not in {None, user_id}:
            office.deps.users.delete_person(user_id)  # or the next run meets them again
        if calls.made < number:
            assert len(met) > 6, "the calls of an adoption were not reached"
            return met
    raise AssertionError("the command did not end")


def is_whole(office: Office, met: Met) -> None:
    """The email is of one person, who has it as it is claimed; whoever has no claim is as they were."""
    if met.owner is not None:
        owner = office.deps.users.find(met.owner)
        assert owner is not None, "a claim of nobody"
        assert owner.email == met.email
    item = office.deps.users.get({"user_id": met.user_id})
    if item is not None and met.owner != met.user_id:
        assert item["email"] == met.email.upper()


def test_a_crash_before_any_call(office: Office, calls: Calls) -> None:
    """Either nothing is there, or all of it; the same command goes on, and everybody signs in."""

    def ends(*_: str) -> None:
        raise Crash

    met = each_call(office, calls, before(ends))
    assert {each.owner is None for each in met} == {True, False}
    calls.meet(0, border.through)
    assert adopted(office)[0] == 0
    for each in met:
        assert claimed_by(office, each.email) == each.user_id
    assert office.post("/login", {"email": met[0].email, "password": PASSWORD}).status_code == 200


def test_a_registration_before_any_call(office: Office, calls: Calls) -> None:
    """Of both one has the email, who was first; the other hears it."""
    answers = {}

    def registers(user_id: str, email: str) -> None:
        answers[user_id] = office.post("/register", {"email": email, "password": PASSWORD}).status_code

    met = each_call(office, calls, before(registers))
    for each in met[:-1]:
        is_first = answers[each.user_id] == 201
        assert is_first == (each.owner != each.user_id) == (each.code == 1)
        assert [f"{each.user_id}: not adopted: the email belongs to {each.owner} already"] * is_first == each.wrong[1:]
    assert set(answers.values()) == {201, 409}


def test_another_run_before_any_call(office: Office, calls: Calls) -> None:
    """Whom the other run adopts is no fault, and is adopted and put on record once."""
    other = build(office.deps.config, operator=True)
    for each in each_call(office, calls, before(lambda user_id, _: adopt(other, BOSS, user_id))):
        assert (each.owner, each.code, each.wrong) == (each.user_id, 0, [])
        assert [event["action"] for event in office.events(each.user_id)] == ["adopted"]


@pytest.mark.parametrize("ends", ["at once", "later", "by a sweep"])
def test_a_deletion_before_any_call(office: Office, calls: Calls, ends: str) -> None:
    """It leaves neither the person nor a claim, also where it ends later by what was read before; it is no fault."""
    leaving = []

    def begins(user_id: str, _: str) -> None:
        user = office.deps.users.find(user_id)
        assert user is not None
        leaving.append(leave(office.deps, user))
        if ends == "at once":
            erase(office.deps, leaving.pop())

    met = each_call(office, calls, before(begins))
    assert all((each.code, each.wrong) == (0, []) for each in met)
    for user in leaving if ends == "later" else []:
        erase(office.deps, user)
    assert office.flask("users", "sweep").exit_code == 0
    for each in met[:-1]:
        assert claimed_by(office, each.email) is None
        assert office.deps.users.find(each.user_id) is None


def test_an_email_that_is_changed_by_hand(office: Office, calls: Calls) -> None:
    """The one that stands there when the claim is written is claimed, and no other."""
    user_id = seeded(office, ORPHAN, "before@example.com")
    changes = Change(set={"email": "After@example.com"})
    calls.is_it = lambda request: b"TransactItems" in request.body
    calls.step = border.after(lambda: office.deps.users.update({"user_id": user_id}, changes), border.through)
    assert adopted(office) == (0, ["1 adopted, 0 already claimed, 0 not adopted.", f"{user_id}: adopted."], [])
    assert (claimed_by(office, "before@example.com"), claimed_by(office, "after@example.com")) == (None, user_id)
    assert (office.deps.users.get({"user_id": user_id}) or {})["email"] == "after@example.com"


def test_a_password_before_any_call(office: Office, calls: Calls) -> None:
    """Who had none when they were read keeps the one that they get at this moment."""

    def sets(user_id: str, _: str) -> None:
        office.deps.users.update({"user_id": user_id}, Change(set={"password_hash": HASH}))

    for each in each_call(office, calls, before(sets), password_hash=None)[:-1]:
        assert (each.owner, each.code) == (each.user_id, 0)
        assert (office.deps.users.get({"user_id": each.user_id}) or {})["password_hash"] == HASH


def test_any_answer_is_lost(office: Office, calls: Calls) -> None:
    """It is asked again, and nobody is adopted twice or told to be somebody else's."""
    for each in each_call(office, calls, lambda *_: border.lost):
        assert (each.owner, each.code, each.wrong) == (each.user_id, 0, [])
        assert [event["action"] for event in office.events(each.user_id)] == ["adopted"]


REFUSED = [
    (
        border.refuses("AccessDeniedException"),
        "StoreRefused: DynamoDB refused TransactWriteItems: AccessDeniedException",
    ),
    (
        border.cancels("None", "ValidationError", "None"),
        "TransactionLost: a transaction was refused: Update users: ValidationError",
    ),
    (border.cancels("None", "ConditionalCheckFailed", "None"), str(Conflict())),
]


@pytest.mark.parametrize(("step", "why"), REFUSED)
def test_who_is_refused_ends_no_other(office: Office, calls: Calls, step: border.Step, why: str) -> None:
    """Each is named with what DynamoDB says of them, and the command ends with 1; later it does the rest."""
    people = [seeded(office, f"usr_{number}", f"p{number}@example.com") for number in range(3)]
    calls.step, calls.is_it = (
        step,
        lambda request: b"TransactItems" in request.body and people[1].encode() in request.body,
    )
    code, said, wrong = adopted(office)
    assert (code, said[0]) == (1, "2 adopted, 0 already claimed, 1 not adopted.")
    assert wrong[1:] == [f"{people[1]}: not adopted: {why}"]
    calls.step = border.through
    assert adopted(office)[1][0] == "1 adopted, 2 already claimed, 0 not adopted."


def contend(deps: Deps, number: int) -> object:
    """Adopt somebody, or register with their email."""
    if number % 2:
        return register(deps, f"{ORPHAN}@example.com", PASSWORD, HERE).user.user_id
    return adopt(deps, BOSS, ORPHAN)


def test_processes_that_adopt_and_register_at_once(ministack: str) -> None:
    """Several operators, and several people who register with the email: one has it, and the others hear so."""
    with races.racers(6) as racers:
        for _ in range(ROUNDS):
            office = opened(ministack)
            seeded(office, ORPHAN, f"{ORPHAN}@Example.com")
            answers = Counter(racers.race(office.deps.config, contend))
            owner = claimed_by(office, f"{ORPHAN}@example.com")
            if owner == ORPHAN:
                assert answers == {Outcome.ADOPTED: 1, Outcome.CLAIMED: 2, None: 3}
            else:
                assert answers == {owner: 1, None: 5}
