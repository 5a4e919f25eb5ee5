"""Every kind of token at every door: each opens its own, and no other (ASVS 9.2.2)."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import jwt
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from panzoto.crypto.content_tokens import Grant, Holder
from panzoto.crypto.purposes import Purpose
from panzoto.deps import Deps
from panzoto.flows import _one_use
from tests.support.configs import JWT_SECRET, SECRET
from tests.support.people import Somebody
from tests.support.phones import HERE

AUTH = "/api/v1/auth"
NEW = "AnotherPassword456!"
Door = Callable[[FlaskClient, str], TestResponse]


def _posts(path: str, name: str, **more: Any) -> Door:
    return lambda http, token: http.post(path, json={name: token, **more})


def _bearer(http: FlaskClient, token: str) -> TestResponse:
    return http.get(f"{AUTH}/me", headers={"Authorization": f"Bearer {token}"})


def _cookie(http: FlaskClient, token: str) -> TestResponse:
    http.set_cookie("panzoto_session", token)
    try:
        return http.get("/signed-in")
    finally:
        http.delete_cookie("panzoto_session")


DOORS: dict[str, Door] = {
    "access": _bearer,
    "refresh": _posts(f"{AUTH}/refresh", "refresh_token"),
    "cookie": _cookie,
    "password_reset": _posts(f"{AUTH}/password/reset", "token", new_password=NEW, abandon_audio=True),
    "email_verification": _posts(f"{AUTH}/email/verify", "token"),
    "magic_link": _posts(f"{AUTH}/magic-link/verify", "token"),
    "verify_page": lambda http, token: http.post(f"/verify/{token}"),
    "reset_page": lambda http, token: http.post(f"/reset/{token}", data={"new_password": NEW, "abandon_audio": "1"}),
    "link_page": lambda http, token: http.post(f"/m/{token}"),
    "handoff": _posts("/api/v1/oauth/acme/exchange", "handoff", code_verifier="v" * 43),
    "id_token": _posts("/api/v1/oauth/acme/id-token", "id_token", nonce="n" * 16),
}
# Which doors a token opens; the cookie of a browser is the refresh token of its session.
OPENS = {
    "access": {"access"},
    "refresh": {"refresh", "cookie"},
    "password_reset": {"password_reset", "reset_page"},
    "email_verification": {"email_verification", "verify_page"},
    "magic_link": {"magic_link", "link_page"},
    "content": set[str](),
    "session_id": set[str](),
}


def held(deps: Deps, who: Somebody) -> dict[str, str]:
    """A fresh token of each kind, of somebody."""
    user = deps.users.find(who.ids["user_id"])
    assert user is not None
    now, life = deps.clock(), timedelta(minutes=5)
    found = {
        each.value: _one_use.issue(deps, each, user, user.email or "", life, HERE, now, {"sourceFlow": "link"})
        for each in (Purpose.PASSWORD_RESET, Purpose.EMAIL_VERIFICATION, Purpose.MAGIC_LINK)
    }
    grant = Grant(expires_at=now + life, size=1, key=bytes(32), header=bytes(40), etag="e")
    content = deps.content_tokens.seal(grant, Holder(user.user_id, who.ids["session_id"], who.ids["file_id"]))
    other = {"access": who.token, "refresh": who.refresh_token, "content": content}
    return {**found, **other, "session_id": who.ids["session_id"]}


@pytest.mark.parametrize("kind", OPENS)
def test_a_token_opens_its_own_door_alone(http: FlaskClient, deps: Deps, ann: Somebody, kind: str) -> None:
    """A token of one kind is refused wherever another is asked for, and is not spent by it (ASVS 9.2.2, 7.2.2)."""
    token = held(deps, ann)[kind]
    for name in DOORS.keys() - OPENS[kind]:
        answer = DOORS[name](http, token)
        assert answer.status_code in {400, 401, 404, 503}, name
        assert "Set-Cookie" not in answer.headers, name


@pytest.mark.parametrize("kind", [kind for kind, doors in OPENS.items() if doors])
def test_its_own_door_opens(http: FlaskClient, deps: Deps, ann: Somebody, kind: str) -> None:
    """The same token opens its own door: what is refused above is refused for its kind."""
    assert DOORS[kind](http, held(deps, ann)[kind]).status_code == 200


def _encoded(part: Mapping[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def _forged(claims: dict[str, Any], header: dict[str, Any]) -> dict[str, str]:
    """Tokens that somebody makes who knows what is in one, and none of the keys."""
    payload = _encoded(claims)
    nothing = ("none", "None", "nOnE", "", None)
    unsigned = {f"alg {each!r}": f"{_encoded({**header, 'alg': each})}.{payload}." for each in nothing}
    keys: dict[str, str | bytes] = {"of zeros": bytes(32), "of the page": "panzoto", "of the other purpose": SECRET}
    signed = {f"key {name}": jwt.encode(claims, key, "HS256", headers=header) for name, key in keys.items()}
    pointing = {
        f"header {name}": jwt.encode(claims, "theirs" * 8, "HS256", headers={**header, name: value})
        for name, value in {
            "jku": "https://evil.example/keys",
            "x5u": "https://evil.example/cert",
            "jwk": {"kty": "oct", "k": "dGhlaXJz"},
            "kid": "../../../../dev/null",
            "crit": ["exp"],
        }.items()
    }
    return {**unsigned, **signed, **pointing}


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_a_forged_token_opens_nothing(http: FlaskClient, ann: Somebody) -> None:
    """Unsigned, signed by a key that can be guessed, or pointing to one: refused alike (ASVS 9.1.1, 9.1.2, 9.1.3)."""
    claims = jwt.decode(ann.token, JWT_SECRET, ["HS256"], audience="panzoto")
    header = {name: value for name, value in jwt.get_unverified_header(ann.token).items() if name != "alg"}
    assert _bearer(http, jwt.encode(claims, JWT_SECRET, "HS256", headers=header)).status_code == 200
    for name, token in _forged(claims, header).items():
        answer = _bearer(http, token)
        assert (answer.status_code, answer.get_json()["code"]) == (401, "token_invalid"), name


@pytest.mark.parametrize(
    "claims",
    [
        {"roles": ["admin"]},
        {"aud": "another-service"},
        {"aud": ["panzoto", "another-service"]},
        {"iss": "https://evil.example"},
        {"nbf": 4102444800},
        {"exp": 1},
        {"exp": None},
        {"sub": "somebody-else"},
    ],
    ids=str,
)
def test_what_a_signed_token_says_is_checked(http: FlaskClient, ann: Somebody, claims: dict[str, Any]) -> None:
    """Under the right key too, time, audience, issuer and person are checked (ASVS 9.2.1, 9.2.3, 10.3.1)."""
    good = jwt.decode(ann.token, JWT_SECRET, ["HS256"], audience="panzoto")
    header = {name: value for name, value in jwt.get_unverified_header(ann.token).items() if name != "alg"}
    told = {name: value for name, value in {**good, **claims}.items() if value is not None}
    answer = _bearer(http, jwt.encode(told, JWT_SECRET, "HS256", headers=header))
    if claims == {"roles": ["admin"]}:  # what a person may is read where it is kept, whatever a token says
        assert answer.get_json()["user"]["roles"] == []
    else:
        assert answer.status_code == 401
