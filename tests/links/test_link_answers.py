"""Whoever asks for a link learns nothing of whom they named: neither from the answer nor from what it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

import limits
from panzoto.crypto.codes import Codes
from panzoto.crypto.digests import derived_key
from panzoto.crypto.gate import Gate
from panzoto.crypto.passwords import Passwords
from panzoto.flows.approvals import approve, end_approval
from tests.support import border
from tests.support.configs import SECRET
from tests.support.numbers import new_phone
from tests.support.phones import person

from .conftest import (
    PATIENT,
    Service,
    ask,
    change,
    everything,
    kinds,
    linked,
    mute,
    new_email,
    on,
    request_line,
    signs_in,
    user_of,
    verify,
)

GUESSES = 7


class CountingGate(Gate):
    """The gate of hashes, which counts who passes."""

    passed = 0

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Let one through, and count it."""
        self.passed += 1
        with super().passing():
            yield


@dataclass(frozen=True)
class Named:
    """Whom a stranger names."""

    email: str
    phone: str | None = None

    @property
    def wish(self) -> dict[str, str]:
        """What the stranger asks for."""
        return {"email": self.email, **({"flow": "sms", "phone_number": self.phone} if self.phone else {})}

    @property
    def to(self) -> str:
        """Where the message goes."""
        return self.phone or self.email


@pytest.fixture(params=["open", "approved"])
def counted(request: pytest.FixtureRequest, service_for: Callable[..., Service]) -> Service:
    """The service, open to everybody or to approved emails alone, with a gate that counts."""
    service = service_for(**PATIENT, registration_policy=request.param)
    passwords = Passwords(service.deps.passwords.profile, CountingGate(4))
    codes = Codes(derived_key(SECRET, "codes/v1"), passwords, 6)
    return on(service, passwords=passwords, codes=codes)


def approved(service: Service, email: str) -> str:
    """The same email, approved."""
    approve(service.deps, email, "admin@example.com")
    return email


def known(service: Service, **changes: Any) -> str:
    """Somebody who has signed in by a link."""
    email = approved(service, new_email())
    body = signs_in(service, linked(service, email))
    change(service, body["user_id"], **changes)
    return email


def with_phone(service: Service, **changes: Any) -> Named:
    """Somebody who has a proved email and a phone."""
    named = Named(approved(service, new_email()), new_phone())
    now = service.clock()
    user = person(service.deps, named.email, email_verified_at=now, phone=named.phone)
    claim = service.deps.phones.claiming(named.phone or "", user.user_id, None, now)
    service.deps.gateway.call("TransactWriteItems", {"TransactItems": [{claim.kind: claim.request}]})
    change(service, user.user_id, **changes)
    return named


def people(service: Service) -> dict[str, Named]:
    """Everybody whom a stranger may name for a mail."""
    left = known(service)
    end_approval(service.deps, left, "admin@example.com")
    return {
        "known": Named(known(service)),
        "unproved": Named(person(service.deps, approved(service, new_email())).email or ""),
        "new": Named(approved(service, new_email())),
        "disabled": Named(known(service, disabled_at=1)),
        "deleting": Named(known(service, deleting_at=1)),
        "approval ended": Named(left),
        "nobody": Named(new_email()),
    }


def phones(service: Service) -> dict[str, Named]:
    """Everybody whom a stranger may name for an SMS."""
    theirs, other = with_phone(service), with_phone(service)
    return {
        "known": theirs,
        "new": Named(approved(service, new_email()), new_phone()),
        "another's": replace(theirs, phone=other.phone),
        "phone of nobody's": replace(theirs, phone=new_phone()),
        "email of nobody's": replace(theirs, email=new_email()),
        "disabled": with_phone(service, disabled_at=1),
        "unproved": with_phone(service, email_verified_at=None),
        "nobody": Named(new_email(), new_phone()),
    }


def asked(service: Service, named: Named) -> tuple[Any, ...]:
    """All that can be seen of an answer, and all that it took."""
    service.clock.pass_by(seconds=1)
    gate: Any = service.deps.passwords.gate
    passed, sent, before = gate.passed, len(service.mails(named.to)), kinds(service)
    with request_line() as line:
        answer = service.post("/magic-link", named.wish)
    body = answer.get_json()
    request_id = body.pop("request_id")
    headers = {name: value for name, value in answer.headers.items() if name != "X-Request-ID"}
    return (
        (answer.status_code, answer.get_data().replace(request_id.encode(), b""), body, headers),
        (line["trips"], line["reads"], line["writes"], gate.passed - passed),
        (kinds(service) - before, len(service.mails(named.to)) - sent),
    )


@pytest.mark.parametrize("names", [people, phones])
def test_the_answer_is_the_same_for_everybody(counted: Service, names: Callable[[Service], dict[str, Named]]) -> None:
    """Same bytes, headers, calls, units, hashes, items and messages, whoever was named."""
    seen = {name: asked(counted, named) for name, named in names(counted).items()}
    assert [name for name, each in seen.items() if each != seen["known"]] == [], seen
    status, took, left = seen["known"]
    assert status[0] == 202
    assert took[3] == 1
    assert left == ({"magic_link": 1}, 1)


@pytest.mark.parametrize("names", [people, phones])
def test_only_who_may_sign_in_gets_a_link(counted: Service, names: Callable[[Service], dict[str, Named]]) -> None:
    """What differs is what stands in the message, which the owner of the mailbox or phone reads alone."""
    welcome = {"known", "unproved", "new"} | (set() if counted.deps.config.needs_approval else {"approval ended"})
    if names is people and not counted.deps.config.needs_approval:
        welcome |= {"nobody"}
    elif names is phones:
        welcome = {"known"} if counted.deps.config.needs_approval else {"known", "new", "unproved", "nobody"}
    found = {}
    for name, named in names(counted).items():
        counted.post("/magic-link", named.wish)
        counted.clock.pass_by(seconds=1)
        found[name] = "/m/" in counted.mails(named.to)[0]["text"]
    assert {name for name, linked in found.items() if linked} == welcome & set(found)


@pytest.mark.parametrize("names", [people, phones])
def test_guesses_tell_nothing(counted: Service, names: Callable[[Service], dict[str, Named]]) -> None:
    """Wrong codes are answered alike, until no more is looked at, whether a link was sent or refused."""
    seen = {}
    for name, named in names(counted).items():
        request_id = counted.post("/magic-link", named.wish).get_json()["request_id"]
        gate: Any = counted.deps.passwords.gate
        answers = []
        for number in range(GUESSES):
            passed = gate.passed
            with request_line() as line:
                answer = counted.post("/magic-link/verify", {"request_id": request_id, "code": f"0000000{number}"})
            took = (line["trips"], line["reads"], line["writes"], gate.passed - passed)
            answers.append((answer.status_code, answer.get_json()["code"], took))
        seen[name] = answers
        counted.clock.pass_by(seconds=1)
    assert {name: each for name, each in seen.items() if each != seen["known"]} == {}
    assert [status for status, *_ in seen["known"]] == [401] * 5 + [429] * 2


@pytest.mark.parametrize("names", [people, phones])
def test_a_failure_tells_nothing(counted: Service, names: Callable[[Service], dict[str, Named]]) -> None:
    """While the senders are down, or hashing is full, everybody hears the same after the same calls."""
    silent, down = mute(counted)
    full = Passwords(counted.deps.passwords.profile, Gate(1, 0, 0.01))
    busy = on(counted, codes=Codes(derived_key(SECRET, "codes/v1"), full, 6))
    everybody = names(counted)
    for service, code in ((silent, "message_not_sent"), (busy, "overloaded")):
        seen = {}
        for name, named in everybody.items():
            with full.gate.passing(), request_line() as line:
                answer = service.post("/magic-link", named.wish)
            body = answer.get_json()
            assert body.pop("request_id")
            seen[name] = (answer.status_code, body, line["trips"], line["writes"], line["reads"])
        assert {name: each for name, each in seen.items() if each != seen["known"]} == {}
        assert (seen["known"][0], seen["known"][1]["code"]) == (503, code)
    assert down.asked == len(everybody)


# ── a sender that is down ───────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("sms", [False, True])
def test_nothing_is_left_valid_that_was_not_sent(service: Service, sms: bool) -> None:
    """The request answers 503 after one attempt, and no link of it is kept; asked again, one message goes out."""
    silent, down = mute(service)
    named = Named(new_email(), new_phone() if sms else None)
    answer = silent.post("/magic-link", named.wish)
    assert (answer.status_code, answer.get_json()["code"]) == (503, "message_not_sent")
    assert down.asked == 1
    assert everything(service)["auth_tokens"] == []
    assert service.mails(named.to) == []
    service.post("/magic-link", named.wish)
    assert len(service.mails(named.to)) == 1


def test_what_cannot_be_kept_is_not_sent(service: Service) -> None:
    """Without its table a link is not sent: nobody gets one that does not work."""
    email = new_email()
    store = border.at(service.deps.gateway._client)
    store.expect(*[border.through] * 4, then=border.refuses("InternalServerError", 500))
    answer = service.post("/magic-link", {"email": email})
    assert store.requests[4]["TableName"] == service.deps.config.auth_tokens_table
    assert answer.status_code == 503
    assert service.mails(email) == []


# ── limits ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def limited(service_for: Callable[..., Service], **counts: int) -> Service:
    """The service with these limits, and no others."""
    some = {name.replace("_", "."): most for name, most in counts.items()}
    text = ",".join(f"{each.name}={some.get(each.name, 10**6)}/1h" for each in limits.DEFAULTS.each)
    return service_for(**PATIENT | {"rate_limits": limits.changed(text)})


@pytest.mark.parametrize("limit", ["link_address", "link_account", "code_phone", "sms_everywhere"])
def test_requests_are_limited(service_for: Callable[..., Service], limit: str) -> None:
    """So many from one network, for one email, to one phone and over everything; then nothing is sent, known or not."""
    service = limited(service_for, **{limit: 2})
    named = Named(new_email(), new_phone())
    answers = [service.post("/magic-link", named.wish) for _ in range(3)]
    assert [each.status_code for each in answers] == [202, 202, 429]
    assert int(answers[2].headers["Retry-After"]) > 0
    assert len(service.mails(named.to)) == 2
    other = service.post("/magic-link", {"email": new_email()})
    assert other.status_code == (429 if limit == "link_address" else 202)


def test_a_stranger_keeps_nobody_out(service_for: Callable[..., Service]) -> None:
    """By the limits as they are, one network that asks until it may not leaves the owner links to ask for."""
    service, email = service_for(), new_email()
    stranger = {"REMOTE_ADDR": "198.51.100.7"}
    for _ in range(limits.DEFAULTS["link.address"].most):
        sent = service.post("/magic-link", {"email": email, "device_id": "theirs"}, environ_base=stranger)
        assert sent.status_code == 202
    assert service.post("/magic-link", {"email": email}, environ_base=stranger).status_code == 429
    signs_in(service, linked(service, email))


def test_attempts_are_limited(service_for: Callable[..., Service]) -> None:
    """Links and codes that are tried from one network are bounded together."""
    service = limited(service_for, link_guesses=2)
    token = linked(service, new_email())
    tries = [{"token": "x"}, {"request_id": "x", "code": "12345678"}, {"token": token}]
    assert [service.post("/magic-link/verify", each).status_code for each in tries] == [400, 401, 429]
    page = service.http.post(f"/m/{token}")
    assert (page.status_code, page.mimetype) == (429, "text/html")
    assert int(page.headers["Retry-After"]) > 0
    service.clock.pass_by(hours=1)
    assert verify(service, token).status_code == 400, "its time is over by then"


def test_nobody_new_is_made_by_asking(service: Service) -> None:
    """A request makes no person and claims nothing, however often it is sent."""
    email = new_email()
    for _ in range(3):
        ask(service, email)
    tables = everything(service)
    assert tables["users"] == []
    assert not [each for each in tables["auth_state"] if not each["PK"]["S"].startswith("RATE#")]
    assert user_of(service, signs_in(service, service.link(email, "m"))["user_id"]).email == email
