"""Nothing that a client sends makes this service speak to an address of the client's choice (ASVS 1.3.6, 13.2.4)."""

from __future__ import annotations

import json
import socket
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from panzoto.web.application import Application
from tests.security.routes import bodies
from tests.support.people import Somebody
from tests.support.servers import behaving, silent


@pytest.fixture
def trap() -> Iterator[tuple[str, list[socket.socket]]]:
    """An address, and who has come there."""
    came: list[socket.socket] = []

    def note(connection: socket.socket) -> None:
        came.append(connection)
        silent(connection)
        connection.close()

    with behaving(note) as address:
        yield address, came


def _id_token(trap: str) -> str:
    """An id token whose every address is a trap."""
    header = {"alg": "RS256", "kid": trap, "jku": f"{trap}/jku", "x5u": f"{trap}/x5u", "typ": "JWT"}
    claims = {"iss": trap, "aud": "panzoto", "sub": "x", "nonce": "n" * 16, "exp": 4102444800, "iat": 1}
    parts = [urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=").decode() for each in (header, claims)]
    return ".".join([*parts, "c2lnbmF0dXJl"])


def test_an_id_token_leads_nowhere(http: FlaskClient, trap: tuple[str, list[socket.socket]]) -> None:
    """The issuer and the keys are those of the configuration, whatever a token names (ASVS 9.1.3, 10.5.3)."""
    address, came = trap
    token = _id_token(address)
    answer = http.post("/api/v1/oauth/acme/id-token", json={"id_token": token, "nonce": "n" * 16})
    assert answer.status_code in {400, 503}
    for query in (f"iss={address}&code=c&state=s", f"error=x&error_uri={address}&state=s"):
        assert http.get(f"/api/v1/oauth/acme/callback?{query}").status_code == 400
    assert not came


@pytest.mark.parametrize("scheme", ["http", "gopher", "//", "\\\\"])
def test_no_text_of_a_body_is_an_address(
    app: Application, http: FlaskClient, ann: Somebody, trap: tuple[str, list[socket.socket]], scheme: str
) -> None:
    """Whatever field of whatever body holds an address, nobody is asked there (ASVS 1.3.6)."""
    address, came = trap
    url = address.replace("http", scheme, 1) if scheme.isalpha() else f"{scheme}{address.removeprefix('http://')}"
    for (method, path), schema in bodies(app).items():
        body: dict[str, Any] = {
            name: url for name, each in schema["properties"].items() if "string" in json.dumps(each)
        }
        answer = http.open(path.format_map(ann.ids), method=method, json=body, headers=ann.headers)
        assert answer.status_code < 500 or answer.status_code in {501, 503}, path
    assert not came
