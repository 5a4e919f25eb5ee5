"""Many phones, in processes of their own, that want what only one can have, or what somebody else is ending."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import limits
from panzoto.deps import Deps, build
from panzoto.flows import _one_use
from panzoto.flows._email_verification import PURPOSE
from panzoto.models.user import User
from tests.support import phones, races
from tests.support.effort import tries
from tests.support.phones import HERE, Answer, Ask, person, signed_in

from .conftest import PASSWORD, Service, new_email

HERD = tries(32, at_home=8)
ROUNDS = tries(24, at_home=8)
OFFSET = 0.012
UNLIMITED = limits.changed(",".join(f"{limit.name}=1000000/1h" for limit in limits.DEFAULTS.each))
NEW_PASSWORD = "AnotherPassword456!"
# So many at once on a busy machine may wait long for the emulator; who wins is what is asked here.
PATIENT = timedelta(seconds=60)
FAST = {
    "argon2_memory_kib": 12288,
    "argon2_iterations": 3,
    "rate_limits": UNLIMITED,
    "dynamodb_deadline": PATIENT,
}


@pytest.fixture(scope="module")
def herd() -> Iterator[races.Racers]:
    """Many processes for all races of this module."""
    with races.racers(HERD) as started:
        yield started


@pytest.fixture(scope="module")
def pair() -> Iterator[races.Racers]:
    """Two processes: one does, the other undoes."""
    with races.racers(2) as started:
        yield started


@pytest.fixture
def service(service_for: Callable[..., Service]) -> Service:
    """The service without limits, and with the smallest of OWASP's profiles."""
    return service_for(**FAST)


def everything(deps: Deps) -> dict[str, list[dict[str, Any]]]:
    """All that the tables of accounts hold."""
    operator = build(deps.config, operator=True)
    tables = {"users": operator.users, "state": operator.emails, "tokens": operator.sessions, "audit": operator.audit}
    return {name: list(table.scan()) for name, table in tables.items()}


def kinds(items: list[dict[str, Any]]) -> Counter[str]:
    """How many items of each kind there are, rate limits aside."""
    names = [item.get("PK", item.get("tokenType", "")).split("#")[0] for item in items]
    return Counter(name for name in names if name != "RATE")


def race(service: Service, racers: races.Racers, asks: Sequence[Sequence[Ask]]) -> list[list[Answer]]:
    """What each process was answered; the service's time is the processes' again."""
    answers = phones.race(racers, service.deps.config, asks)
    service.clock.now = datetime.now(UTC)
    return answers


def statuses(answers: list[list[Answer]]) -> Counter[int]:
    """How often each status was answered."""
    return Counter(answer.status for each in answers for answer in each)


def late() -> float:
    """A moment within which two requests cross each other."""
    return random.SystemRandom().uniform(0, OFFSET)


def works(service: Service, token: str) -> bool:
    """Whether an access token works; what does not is answered with 401 and nothing else."""
    status = service.get("/me", token=token).status_code
    assert status in {200, 401}
    return status == 200


def refreshed(service: Service, token: str) -> dict[str, Any] | None:
    """What a refresh token gives, if anything."""
    answer = service.post("/refresh", {"refresh_token": token})
    assert answer.status_code in {200, 401}
    return answer.get_json() if answer.status_code == 200 else None


def ask_refresh(token: str) -> Ask:
    """A refresh, at about the same moment as something else."""
    return Ask("POST", "/refresh", {"refresh_token": token}, late=late())


def test_one_of_many_registers_an_email(service: Service, herd: races.Racers) -> None:
    """Of many registrations of one email one is answered 201, the others 409, and nothing is left of the others."""
    email = new_email()
    asks = [[Ask("POST", "/register", {"email": email, "password": PASSWORD})] for _ in range(HERD)]
    answers = race(service, herd, asks)
    assert statuses(answers) == {201: 1, 409: HERD - 1}
    (won,) = [answer.body for (answer,) in answers if answer.status == 201]
    left = everything(service.deps)
    assert [item["user_id"] for item in left["users"]] == [won["user_id"]]
    assert kinds(left["state"]) == {"EMAIL": 1, "REFRESH_TOKEN": 1}
    assert kinds(left["tokens"]) == {"session": 1, "email_verification": 1}
    assert {item["subject"] for item in left["audit"]} == {won["user_id"]}
    assert (service.deps.emails.find(email) or {})["user_id"] == won["user_id"]
    assert service.post("/login", {"email": email, "password": PASSWORD}).status_code == 200


def test_many_refreshes_of_one_token_have_one_child(service: Service, herd: races.Racers) -> None:
    """Many refreshes of one token make one child, which all of them are given, and which refreshes once more."""
    first = signed_in(service.deps, person(service.deps, new_email()))
    asks = [[Ask("POST", "/refresh", {"refresh_token": first.refresh_token})] for _ in range(HERD)]
    answers = race(service, herd, asks)
    assert statuses(answers) == {200: HERD}
    (child,) = {answer.body["refresh_token"] for (answer,) in answers}
    assert service.deps.refresh_tokens.read(child) == (first.session_id, 1)
    (lineage,) = [each for each in everything(service.deps)["state"] if each["PK"].startswith("REFRESH_TOKEN#")]
    assert (lineage["Counter"], lineage["Revoked"]) == (1, False)
    assert works(service, answers[0][0].body["token"])
    assert (refreshed(service, child) or {})["refresh_token"] != child


def by_logout(deps: Deps, user: User, token: str, session_id: str) -> Ask:
    """Sign out here."""
    return Ask("POST", "/logout", token=token, late=late())


def by_logout_all(deps: Deps, user: User, token: str, session_id: str) -> Ask:
    """Sign out everywhere."""
    return Ask("POST", "/logout-all", token=token, late=late())


def by_another_device(deps: Deps, user: User, token: str, session_id: str) -> Ask:
    """Sign this device out from another one."""
    return Ask("DELETE", f"/sessions/{session_id}", token=signed_in(deps, user).access_token, late=late())


@pytest.mark.parametrize("ending", [by_logout, by_logout_all, by_another_device])
def test_refresh_against_revoke_ends_revoked(
    service: Service, pair: races.Racers, ending: Callable[[Deps, User, str, str], Ask]
) -> None:
    """Whenever a refresh crosses the end of its session: once both are answered, no token of the session works."""
    people = [person(service.deps, new_email()) for _ in range(ROUNDS)]
    sessions = [signed_in(service.deps, each) for each in people]
    asks = [
        [ask_refresh(each.refresh_token) for each in sessions],
        [ending(service.deps, each.user, each.access_token, each.session_id) for each in sessions],
    ]
    refreshes, ends = race(service, pair, asks)
    assert statuses([ends]) == {200: ROUNDS}
    assert set(statuses([refreshes])) <= {200, 401}
    for session, answer in zip(sessions, refreshes, strict=True):
        given = [answer.body] if answer.status == 200 else []
        assert not any(works(service, token) for token in [session.access_token, *(each["token"] for each in given)])
        assert not any(refreshed(service, each["refresh_token"]) for each in given)
        assert refreshed(service, session.refresh_token) is None


def test_a_reset_link_works_once(service: Service, herd: races.Racers) -> None:
    """Of many uses of one link one is answered 200, the others 400, and the password is the winner's."""
    account = service.register()
    service.post("/password/forgot", {"email": account["email"]})
    link = service.link(account["email"], "reset")
    bodies = [
        {"token": link, "new_password": f"{NEW_PASSWORD}{n}", "recovery_key": account["recovery_key"]}
        for n in range(HERD)
    ]
    answers = race(service, herd, [[Ask("POST", "/password/reset", body)] for body in bodies])
    assert statuses(answers) == {200: 1, 400: HERD - 1}
    (winner,) = [n for n, (answer,) in enumerate(answers) if answer.status == 200]
    for password, status in ((bodies[winner]["new_password"], 200), (bodies[winner - 1]["new_password"], 401)):
        assert service.post("/login", {"email": account["email"], "password": password}).status_code == status
    assert not works(service, account["token"])
    assert works(service, answers[winner][0].body["token"])


def grants_nothing(service: Service, tokens: dict[str, Any]) -> bool:
    """Whether neither token works, nor what the refresh token may still give, which ends it at the latest."""
    given = refreshed(service, tokens["refresh_token"])
    if works(service, tokens["token"]) or (given and works(service, given["token"])):
        return False
    return not refreshed(service, given["refresh_token"] if given else tokens["refresh_token"])


def test_a_password_change_ends_a_sign_in_that_crosses_it(service: Service, pair: races.Racers) -> None:
    """A sign-in with the old password, at the moment of a change, gives nothing that works after it."""
    accounts = [service.register() for _ in range(6)]
    change = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    asks = [
        [Ask("POST", "/password/change", change, account["token"], late()) for account in accounts],
        [
            Ask("POST", "/login", {"email": account["email"], "password": PASSWORD}, late=n * 0.02)
            for n, account in enumerate(accounts)
        ],
    ]
    changes, logins = race(service, pair, asks)
    assert statuses([changes]) == {200: len(accounts)}
    assert set(statuses([logins])) <= {200, 401}
    for account, change_answer, login_answer in zip(accounts, changes, logins, strict=True):
        assert works(service, change_answer.body["token"])
        assert grants_nothing(service, account)
        assert login_answer.status == 401 or grants_nothing(service, login_answer.body)
    last = accounts[-1]["email"]
    assert service.post("/login", {"email": last, "password": NEW_PASSWORD}).status_code == 200
    assert service.post("/login", {"email": last, "password": PASSWORD}).status_code == 401


def test_nothing_lives_of_an_account_that_is_deleted_meanwhile(service: Service, pair: races.Racers) -> None:
    """A refresh or a sign-in at the moment of the deletion leaves neither a token that works nor the claim."""
    accounts = [service.register() for _ in range(8)]
    asks = [
        [Ask("DELETE", "/me", {"current_password": PASSWORD}, each["token"], late()) for each in accounts],
        [
            ask_refresh(each["refresh_token"])
            if n % 2
            else Ask("POST", "/login", {"email": each["email"], "password": PASSWORD, "device_id": "d"}, late=n * 0.01)
            for n, each in enumerate(accounts)
        ],
    ]
    deletions, others = race(service, pair, asks)
    assert statuses([deletions]) == {202: len(accounts)}
    assert set(statuses([others])) <= {200, 401}
    for account, other in zip(accounts, others, strict=True):
        assert grants_nothing(service, account)
        assert other.status == 401 or grants_nothing(service, other.body)
    left = everything(service.deps)
    assert left["users"] == []
    assert kinds(left["state"])["EMAIL"] == 0
    service.register(accounts[0]["email"])


def test_one_of_many_accounts_changes_to_an_email(service: Service, herd: races.Racers) -> None:
    """Of many accounts that verify the same new email one has it; the others keep their emails and their claims."""
    deps, wanted = service.deps, new_email()
    people = [person(deps, new_email()) for _ in range(HERD)]
    for each in people:
        deps.users.change(each, deps.clock(), {"pending_email": wanted})
    lifetime = deps.config.email_verification_expiry
    links = [_one_use.issue(deps, PURPOSE, each, wanted, lifetime, HERE, deps.clock()) for each in people]
    answers = race(service, herd, [[Ask("POST", "/email/verify", {"token": link})] for link in links])
    assert statuses(answers) == {200: 1, 409: HERD - 1}
    for user, (answer,) in zip(people, answers, strict=True):
        email = wanted if answer.status == 200 else user.email
        now = deps.users.find(user.user_id)
        assert now is not None
        assert now.email == email
        assert (deps.emails.find(email or "") or {})["user_id"] == user.user_id
    assert kinds(everything(deps)["state"]) == {"EMAIL": HERD}
