"""What a secret must not be in is watched at every border, and every kind of secret is learned."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from flask import Response, jsonify, redirect
from hypothesis import given, settings
from hypothesis.strategies import just

from panzoto import counters, create_app
from panzoto.crypto.keys import new_audio_key
from panzoto.errors import ProviderUnavailable
from panzoto.providers.fetching import Fetcher
from panzoto.providers.tokens import Tokens
from panzoto.web.guards import public
from tests.accounts.conftest import PASSWORD, QUICK, Service, new_email
from tests.proof import borders
from tests.proof.harness import Place
from tests.proof.standing import served
from tests.proof.watch import WATCH, Watch
from tests.support.numbers import new_phone

NOWHERE = "http://127.0.0.1:9"
CODE = "739154"


@pytest.fixture(scope="module")
def service(ministack: str) -> Service:
    """The service."""
    return served(Place(ministack), **QUICK)


@pytest.fixture
def watch() -> Iterator[Watch]:
    """A watch of this test alone, while that of all tests looks away: here something leaks."""
    own = Watch()
    with WATCH.rest(), borders.watching(own):
        yield own


def answered(service: Service, view: Callable[[], Any]) -> None:
    """Something that the service answers."""
    app = create_app(service.deps.config, service.deps)
    app.view_functions["pages.health"] = public(view)
    app.test_client().get("/api/health")


def with_cookie(value: str) -> Response:
    """An answer that gives a cookie."""
    response = jsonify()
    response.set_cookie("panzoto_session", value)
    return response


def asks(secret: str) -> None:
    """A provider is asked with a secret in the address."""
    with pytest.raises(ProviderUnavailable):
        Fetcher(1.0).get(f"{NOWHERE}/?token={secret}", on_loopback=True)


def noted(service: Service, **note: str) -> None:
    """Something is kept in a table."""
    service.deps.users.put({"user_id": "somebody", **note})


LEAKS: dict[str, Callable[[Service, str], Any]] = {
    "a log line": lambda _, secret: structlog.get_logger().warning("something", note=f"it is {secret}"),
    "a log line of a library": lambda _, secret: logging.getLogger("library").warning("it is %s", secret),
    "an item or a key of DynamoDB": lambda service, secret: noted(service, note=f"it is {secret}"),
    "an address at AWS": lambda service, secret: service.deps.bucket.find(f"users/{secret}"),
    "an address": lambda _, secret: asks(secret),
    "an answer that refuses": lambda service, secret: answered(service, lambda: (jsonify(error=secret), 400)),
    "a redirection": lambda service, secret: answered(service, lambda: redirect(f"/x?is={secret}")),
    "the metrics": lambda _, secret: counters.MESSAGES.labels(secret, "sent").inc(),
}


@pytest.mark.parametrize("place", LEAKS)
def test_a_leak_is_found(service: Service, watch: Watch, place: str) -> None:
    """A recovery key that is where it must not be is found, and one that nobody was given is none."""
    LEAKS[place](service, "J6F2-9KQM-XT4W-P0ZC-5HNB")
    assert borders.leaks(watch) == []
    made = service.register()["recovery_key"]
    LEAKS[place](service, made)
    (found, *_) = borders.leaks(watch)
    assert f"is in {place.removesuffix(' of a library')}" in found
    assert made not in str(borders.leaks(watch))
    counters.MESSAGES.clear()


def test_a_file_is_looked_at(service: Service, watch: Watch, tmp_path: Path) -> None:
    """What a test leaves on the disk is compared as well."""
    made = service.register()["recovery_key"]
    (tmp_path / "dump").write_text(f"recovery: {made.replace('-', '').lower()}", encoding="utf-8")
    assert [each for each in borders.leaks(watch, tmp_path) if "the file" in each]
    (tmp_path / "dump").unlink()


@pytest.mark.parametrize("leaks", [False, True])
def test_a_code_in_clear(service: Service, watch: Watch, leaks: bool) -> None:
    """A code that came as a message is nowhere under its name; six other digits are none."""
    phone = new_phone()
    assert service.post("/initiate-otp", {"phone_number": phone}).status_code == 200
    (sms,) = service.mails(phone)
    code = next(iter(watch.codes))
    assert code in sms["text"]
    noted(service, OTP=code if leaks else f"{(int(code) + 1) % 10**6:06}", size=code[:-1] + "0" * 6)
    assert bool(borders.leaks(watch)) == leaks


def test_every_kind_is_learned(service: Service, watch: Watch) -> None:
    """Passwords, tokens, keys, links, cookies, a provider's tokens, what KMS wraps, and what is configured."""
    me = service.register()
    service.post("/password/forgot", {"email": me["email"]})
    reset = service.link(me["email"], "reset")
    service.post("/refresh", {"refresh_token": me["refresh_token"]})
    service.http.post("/api/v1/auth/email/verify", json={"token": service.link(me["email"], "verify")})
    service.deps.key_service.wrap(new_audio_key(), me["user_id"])
    later = service.clock.now + timedelta(hours=1)
    answered(service, lambda: with_cookie("cookie-" + "d123456789" * 3))
    Tokens(
        access_token="access-" + "a123456789" * 3,
        refresh_token="again-" + "b123456789" * 3,
        id_token="person-" + "c123456789" * 3,
        expires_at=later,
    )
    assert {PASSWORD, reset, me["token"], me["refresh_token"], me["recovery_key"]} <= set(watch.secrets)
    wanted = {"password", "refresh_token", "a cookie", "recovery_key", "access_token", "id_token", "a link"}
    assert wanted | {"a key that KMS wraps", "SECRET_KEY", "JWT_SECRET_KEY"} <= set(watch.secrets.values())
    assert borders.leaks(watch) == []


def test_what_was_refused_is_not_learned(service: Service, watch: Watch) -> None:
    """A password that lets nobody in may be anything, an email for one, which is in tables by right."""
    email = new_email()
    assert service.post("/login", {"email": email, "password": email}).status_code == 401
    assert email not in watch.secrets


def test_what_was_drawn_is_not_learned(service: Service, watch: Watch) -> None:
    """A password that Hypothesis makes may be a word of our code, which is in addresses by right; the answer counts."""
    answers: list[Any] = []

    @settings(max_examples=1, database=None)
    @given(password=just("http://127.0.0.1:"))
    def registers(password: str) -> None:
        answers.append(service.post("/register", {"email": new_email(), "password": password}).json)

    registers()
    assert "http://127.0.0.1:" not in watch.secrets
    assert answers[0]["recovery_key"] in watch.secrets
