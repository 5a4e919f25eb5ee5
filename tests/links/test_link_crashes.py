"""The process ends, or the store does not answer, before the first, the second, … of a flow's calls to DynamoDB."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest

from panzoto.aws.clients import Clients
from panzoto.aws.key_service import KeyService
from panzoto.deps import Deps, build
from panzoto.models.table import Table
from panzoto.web.browser import SESSION
from tests.accounts.test_crashes import Crashes
from tests.accounts.test_crashes import works as works_or_refreshes
from tests.support import border
from tests.support.effort import EVERY
from tests.support.numbers import new_phone

from .conftest import (
    PASSWORD,
    PATIENT,
    Service,
    ask,
    browser,
    code_of,
    is_good,
    kinds,
    linked,
    new_email,
    on,
    refused,
    signs_in,
    user_of,
    verify,
)

MOST_CALLS = 20


@pytest.fixture
def service(service_for: Callable[..., Service]) -> Service:
    """The service without limits."""
    return service_for(**PATIENT)


@pytest.fixture
def crashes(service: Service) -> Crashes:
    """Crashes of the service."""
    return Crashes(service)


def people_of(service: Service, email: str) -> list[str]:
    """Everybody who has that email, and whom its claim names: one person, twice, or nobody."""
    claim = service.deps.emails.find(email)
    operator = {item["user_id"]["S"] for item in _users(service) if item.get("email", {}).get("S") == email}
    return [*operator, *([claim["user_id"]] if claim else [])]


def _users(service: Service) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = service.deps.clients.dynamodb().scan(TableName=service.deps.config.users_table)[
        "Items"
    ]
    return items


def _tables_of(deps: Deps) -> dict[str, Any]:
    """The tables of the service on another gateway."""
    return {each.name: part for each in fields(deps) if isinstance(part := getattr(deps, each.name), Table)}


# ── crashes ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_asking(service: Service, crashes: Crashes) -> None:
    """Whoever got no answer asks again, and gets a link that works; a link that was sent before works too."""
    for email in crashes.each(lambda email: service.post("/magic-link", {"email": email}), new_email):
        texts = [each["text"] for each in service.mails(email)]
        assert len(texts) <= 1
        if texts:
            signs_in(service, service.link(email, "m"))
        signs_in(service, linked(service, email))
        assert len(set(people_of(service, email))) == 1


def test_the_first_sign_in(service: Service, crashes: Crashes) -> None:
    """Either nobody was made and the link is good, or the whole person is there and the next link signs them in."""

    def begin() -> tuple[str, str]:
        email = new_email()
        return email, linked(service, email)

    for email, token in crashes.each(lambda both: verify(service, both[1]), begin):
        people = people_of(service, email)
        assert len(people) in {0, 2}
        assert len(set(people)) == (0 if is_good(service, token) else 1)
        if not people:
            signs_in(service, token)
        else:
            assert refused(verify(service, token)) == (400, "link_invalid")
            body = signs_in(service, linked(service, email))
            assert [body["user_id"]] * 2 == people
            assert body["audio_key"]


def test_the_first_sign_in_by_sms(service: Service, crashes: Crashes) -> None:
    """The same with a phone: it is nobody's, or its account is whole, and its email can be proved in the end."""

    def begin() -> tuple[str, str, str]:
        email, phone = new_email(), new_phone()
        return email, phone, linked(service, email, flow="sms", phone_number=phone)

    for email, phone, token in crashes.each(lambda each: verify(service, each[2]), begin):
        claim = service.deps.phones.find(phone)
        assert (claim is None) == is_good(service, token)
        if claim is None:
            signs_in(service, token)
            continue
        user = user_of(service, claim["user_id"])
        assert (user.phone, user.pending_email) == (phone, email)
        body = signs_in(service, linked(service, email, flow="sms", phone_number=phone))
        assert body["user_id"] == user.user_id


def test_a_sign_in_by_code(service: Service, crashes: Crashes) -> None:
    """A crash costs a guess, or the link; never more, and nobody is let in twice."""
    email = new_email()
    signs_in(service, linked(service, email))

    def begin() -> tuple[str, str]:
        return ask(service, email), code_of(service, email)

    def type_it(both: tuple[str, str]) -> int:
        body = {"request_id": both[0], "code": both[1]}
        return service.post("/magic-link/verify", body).status_code

    for both in crashes.each(type_it, begin):
        before = kinds(service)["session"]
        good = is_good(service, both[0])
        assert type_it(both) == (200 if good else 400)
        assert kinds(service)["session"] - before == int(good)


def test_taking_an_account_over(service: Service, crashes: Crashes) -> None:
    """Either all of what was there before works and the link is good, or none of it does."""

    def begin() -> tuple[dict[str, Any], str]:
        account = service.register()
        return account, linked(service, account["email"])

    for account, token in crashes.each(lambda both: verify(service, both[1]), begin):
        untouched = is_good(service, token)
        assert works_or_refreshes(service, account) == untouched
        login = service.post("/login", {"email": account["email"], "password": PASSWORD})
        assert login.status_code == (200 if untouched else 401)
        body = signs_in(service, token if untouched else linked(service, account["email"]))
        assert body["user_id"] == account["user_id"]


def test_leaving_a_browser(service: Service, crashes: Crashes) -> None:
    """Whoever got no answer presses again; then, at the latest, nobody is signed in there."""
    email = new_email()
    signs_in(service, linked(service, email))

    def begin() -> Any:
        http = browser(service)
        http.post(f"/m/{linked(service, email)}")
        return http

    for http in crashes.each(lambda http: http.post("/signed-out"), begin):
        cookie = http.get_cookie(SESSION.name)
        if cookie is not None:
            http.post("/signed-out")
            http.set_cookie(SESSION.name, cookie.value)
        assert http.get("/signed-in").status_code == 401


# ── faults ──────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("who", ["new", "known", "unproved"])
def test_a_store_that_fails_at_each_step(service: Service, who: str) -> None:
    """The answer is 503; the link is spent by its own write alone, and by nothing that comes before it."""
    impatient = build(replace(service.deps.config, dynamodb_deadline=timedelta(milliseconds=500)))
    failing = on(service, gateway=impatient.gateway, **_tables_of(impatient))
    store = border.at(impatient.gateway._client)
    for calls in range(0, MOST_CALLS, EVERY):
        email = service.register()["email"] if who == "unproved" else new_email()
        if who == "known":
            signs_in(service, linked(service, email))
        token = linked(service, email)
        store.expect(*[border.through] * calls, then=border.refuses("InternalServerError", 500))
        answer = verify(failing, token)
        passed = [str(each) for each in store.requests[:calls]]
        store.expect()
        if answer.status_code == 200:
            assert calls > 4
            return
        assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
        spent = [each for each in passed if token.split(".")[0] in each and "usedAt" in each]
        assert is_good(service, token) == (not spent)
        if not spent:
            signs_in(service, token)
    raise AssertionError("the flow did not end")


def test_keys_that_are_away(service: Service) -> None:
    """While KMS does not answer nobody new is made and no link is spent; whoever has a password needs no KMS."""
    away = Clients(replace(service.deps.config, aws_endpoint="http://127.0.0.1:9")).kms()
    without = on(service, key_service=KeyService(away, service.deps.config.audio_kms_key))
    known, registered = new_email(), service.register()["email"]
    signs_in(service, linked(service, known))
    for email in (known, new_email()):
        token = linked(without, email)
        answer = verify(without, token)
        assert (answer.status_code, answer.get_json()["code"]) == (503, "keys_unavailable")
        page = without.http.post(f"/m/{token}")
        assert (page.status_code, "<button" in page.get_data(as_text=True)) == (503, True)
        signs_in(service, token)
    signs_in(without, linked(without, registered))
