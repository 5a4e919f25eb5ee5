"""The whole service beside a provider, as a phone and a browser meet it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from panzoto import create_app
from panzoto.flows.oauth._proofs import challenge_of
from panzoto.models.store.wire import decode_item
from providers import Provider
from tests.accounts.conftest import Service, service_for
from tests.oauth.certified import NATIVE, SECRET, Certified, Person, certified
from tests.oauth.hostile import Hostile, hostile

__all__ = ["service_for"]

PUBLIC = "http://localhost:5000"
CALLBACK = f"{PUBLIC}/api/v1/oauth/acme/callback"
DEEP = "panzoto://oauth"
API = "/api/v1/oauth"


@pytest.fixture(scope="session")
def provider() -> Iterator[Certified]:
    """A certified provider for all tests of this process."""
    with certified(CALLBACK, NATIVE) as running:
        yield running


def at(issuer: str, **changes: Any) -> Provider:
    """The settings of a provider at an address."""
    known = {"name": "acme", "issuer": issuer, "client_id": "panzoto", "client_secret": SECRET}
    return Provider(**(known | changes))


@dataclass
class OAuth:
    """The service, and the ways of people through it."""

    service: Service
    http: FlaskClient

    @property
    def deps(self) -> Any:
        """What it stands on."""
        return self.service.deps

    def browser(self) -> FlaskClient:
        """Another browser, with cookies of its own."""
        return create_app(self.service.deps.config, self.service.deps).test_client()

    def leaves(self, browser: FlaskClient | None = None, **query: str) -> str:
        """The address that a browser is sent to at the provider."""
        answer = (browser or self.http).get(f"{API}/acme/authorize", query_string=query, headers=HTML)
        assert answer.status_code == 303, answer.get_data()
        return str(answer.headers["Location"])

    def returns(self, address: str, browser: FlaskClient | None = None, **options: Any) -> TestResponse:
        """Come back to our address."""
        parts = urlsplit(address)
        return (browser or self.http).get(f"{parts.path}?{parts.query}", **options)

    def post(self, path: str, body: Any = None, token: str | None = None, method: str = "POST") -> TestResponse:
        """A call of an app."""
        return self.http.open(f"{API}{path}", method=method, json=body or {}, headers=bearer(token))

    def delete(self, path: str, account: dict[str, Any], **body: str) -> TestResponse:
        """Somebody ends something."""
        return self.post(path, body, account["token"], "DELETE")

    def get(self, path: str, token: str | None = None, **query: str) -> TestResponse:
        """A question of an app."""
        return self.http.get(f"{API}{path}", headers=bearer(token), query_string=query)

    def handed(self, person: Person, verifier: str) -> str:
        """The handoff that an app gets by its deep link."""
        browser = self.browser()
        back = person.agrees(self.leaves(browser, redirect_to=DEEP, code_challenge=challenge_of(verifier)))
        deep = self.returns(back, browser).headers["Location"]
        assert deep.startswith(f"{DEEP}?"), deep
        return parse_qs(urlsplit(deep).query)["handoff"][0]

    def signs_in(self, name: str, **more: Any) -> TestResponse:
        """Sign in in the app by the browser."""
        verifier = new_verifier()
        body = {"handoff": self.handed(Person(name), verifier), "code_verifier": verifier, **more}
        return self.post("/acme/exchange", body)

    def signed_in(self, name: str | None = None) -> dict[str, Any]:
        """Somebody who has signed in so."""
        answer = self.signs_in(name or new_name())
        assert answer.status_code == 200, answer.get_json()
        found: dict[str, Any] = answer.get_json()
        return found

    def shows_code(self, code: str = "a-code") -> TestResponse:
        """Sign in in the app by a code that it has fetched for itself."""
        return self.post("/acme/exchange", shown(code))

    def connected(self) -> dict[str, Any]:
        """Somebody who has signed in so, and whose tokens are in the vault."""
        answer = self.shows_code()
        assert answer.status_code == 200, answer.get_json()
        found: dict[str, Any] = answer.get_json()
        return found

    def steps(self, user_id: str) -> list[dict[str, Any]]:
        """What the log has of a person, or of everybody."""
        return list(self.deps.oauth_logs.of(user_id))

    def sessions(self) -> int:
        """How many sessions there are."""
        client = self.deps.clients.dynamodb()
        return int(client.scan(TableName=self.deps.config.auth_tokens_table, Select="COUNT")["Count"])

    def log(self) -> list[dict[str, Any]]:
        """Every step of everybody, in order."""
        client = self.deps.clients.dynamodb()
        found = client.scan(TableName=self.deps.config.oauth_logs_table)["Items"]
        return sorted(map(decode_item, found), key=lambda each: each["timestamp"])


HTML = {"Accept": "text/html,application/xhtml+xml"}


def bearer(token: str | None) -> dict[str, str]:
    """The header of whoever is signed in."""
    return {"Authorization": f"Bearer {token}"} if token else {}


def new_name() -> str:
    """Somebody whom the provider has not seen."""
    return f"ann-{secrets.token_hex(5)}"


def new_verifier() -> str:
    """A verifier, as an app makes it."""
    return secrets.token_urlsafe(32)


def shown(code: str = "a-code") -> dict[str, str]:
    """A code, as an app shows it."""
    return {"code": code, "code_verifier": new_verifier()}


@pytest.fixture
def oauth_for(service_for: Callable[..., Service]) -> Callable[..., OAuth]:
    """Makes the service beside a provider."""

    def made(*providers: Provider, **changes: Any) -> OAuth:
        settings = {"oauth_providers": providers, "oauth_app_redirects": (DEEP, NATIVE), "public_url": PUBLIC}
        service = service_for(**(settings | changes))
        return OAuth(service, service.http)

    return made


@pytest.fixture
def oauth(oauth_for: Callable[..., OAuth], provider: Certified) -> OAuth:
    """The service beside the certified provider."""
    return oauth_for(at(provider.issuer))


@pytest.fixture
def told() -> Iterator[Hostile]:
    """A provider that does what it is told to."""
    with hostile() as running:
        yield running


@pytest.fixture
def beside(oauth_for: Callable[..., OAuth], told: Hostile) -> OAuth:
    """The service beside that provider."""
    return oauth_for(at(told.issuer), oauth_timeout=timedelta(seconds=10))


def on(oauth: OAuth, **changes: Any) -> OAuth:
    """The same service on other parts."""
    deps = replace(oauth.service.deps, **changes)
    http = create_app(deps.config, deps).test_client()
    return OAuth(replace(oauth.service, deps=deps, http=http), http)
