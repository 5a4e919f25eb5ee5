"""Providers, browsers and apps that do what they must not: each has its own code, one line in the log, no session."""

from __future__ import annotations

import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

from panzoto.flows.oauth._proofs import challenge_of
from tests.oauth import hostile as wrong
from tests.oauth.conftest import API, DEEP, HTML, OAuth, at, new_verifier
from tests.oauth.hostile import KEY, OTHER, PUBLIC, Hostile, hostile, public_jwk

# A page with the recovery key at the first sign-in, and the way to who is signed in from then on.
FIRST, AGAIN = 200, 303


@pytest.fixture
def oauth(oauth_for: Callable[..., OAuth], told: Hostile) -> OAuth:
    """The service beside that provider."""
    return oauth_for(at(told.issuer), oauth_timeout=timedelta(seconds=10))


def left(oauth: OAuth, told: Hostile, **query: str) -> dict[str, str]:
    """What the service asks of the provider, once a browser has left."""
    asked = {name: values[0] for name, values in parse_qs(urlsplit(oauth.leaves(None, **query)).query).items()}
    told.nonce = asked["nonce"]
    return asked


def comes_back(oauth: OAuth, told: Hostile, **changes: str) -> Any:
    """A browser leaves and comes back with a code."""
    state = left(oauth, told)["state"]
    return oauth.http.get(f"{API}/acme/callback", query_string={"state": state, "code": "a-code"} | changes)


def refused(oauth: OAuth, answer: Any, code: str, status: int = 400, error: str | None = None) -> None:
    """That it ended in its code, with one failure in the log, and no session."""
    assert answer.get_json()["code"] == code, answer.get_json()
    assert answer.status_code == status
    assert "Set-Cookie" not in answer.headers
    assert oauth.sessions() == 0
    failed = [each for each in oauth.log() if each["step"] in {"failed", "denied"}]
    assert [each["error"] for each in failed] == [error or failed[-1]["error"]]
    assert failed[0]["ipAddress"] == "127.0.0.1"


def test_it_signs_in_when_nothing_is_wrong(oauth: OAuth, told: Hostile) -> None:
    """The same provider, told nothing, signs people in: what the others refuse is what they say."""
    answer = comes_back(oauth, told)
    assert answer.status_code == FIRST
    ((_, form),) = [each for each in told.asked if each[0] == "/token"]
    assert form["code"] == "a-code"
    assert form["redirect_uri"].endswith("/api/v1/oauth/acme/callback")


def hs256(told: Hostile) -> str:
    """Signed with the public key as if that were a secret."""
    return told.forged({"alg": "HS256", "kid": "first"}, lambda signed: hmac.digest(PUBLIC, signed, "sha256"))


SIGNED = {"alg": "RS256", "kid": "first"}


def rs256(signed: bytes) -> bytes:
    """Signed as it should be, whatever it says."""
    return KEY.sign(signed, PKCS1v15(), SHA256())


def brings_its_key(told: Hostile) -> str:
    """Signed by a key that the header brings along."""
    header = {"jwk": public_jwk(OTHER), "jku": f"{told.issuer}/other", "x5u": f"{told.issuer}/other"}
    return jwt.encode(told.said(), OTHER, "RS256", {"kid": "first", **header})


TOKENS: dict[str, tuple[Callable[[Hostile], str], str]] = {
    "issuer": (lambda told: told.id_token(iss="https://accounts.google.com"), "id_token_issuer"),
    "issuer with a slash": (lambda told: told.id_token(iss=f"{told.issuer}/"), "id_token_issuer"),
    "audience": (lambda told: told.id_token(aud="another"), "id_token_audience"),
    "an audience too many": (
        lambda told: told.id_token(aud=["panzoto", "another"], azp="panzoto"),
        "id_token_audience",
    ),
    "no audience": (lambda told: told.id_token(aud=[]), "id_token_audience"),
    "another party": (lambda told: told.id_token(azp="another"), "id_token_audience"),
    "two audiences, no party": (lambda told: told.id_token(aud=["panzoto", "panzoto"]), "id_token_audience"),
    "nonce": (lambda told: told.id_token(nonce="another"), "id_token_nonce"),
    "no nonce": (lambda told: told.id_token(nonce=...), "id_token_nonce"),
    "none": (lambda told: told.forged({"alg": "none", "kid": "first"}, lambda _: b""), "id_token_algorithm"),
    "None": (lambda told: told.forged({"alg": "None"}, lambda _: b""), "id_token_algorithm"),
    "the public key as a secret": (hs256, "id_token_algorithm"),
    "another algorithm than the key's": (lambda told: told.id_token(algorithm="PS256"), "id_token_algorithm"),
    "expired": (lambda told: told.id_token(exp=int(time.time()) - 120), "id_token_expired"),
    "not yet": (lambda told: told.id_token(nbf=int(time.time()) + 3600), "id_token_expired"),
    "made tomorrow": (lambda told: told.id_token(iat=int(time.time()) + 86400), "id_token_expired"),
    "no end": (lambda told: told.id_token(exp=...), "id_token_invalid"),
    "an end that is true": (lambda told: told.id_token(exp=True), "id_token_invalid"),
    "an end that is no number": (lambda told: told.id_token(exp=float("nan")), "id_token_invalid"),
    "an end beyond all time": (lambda told: told.id_token(exp=10**400), "id_token_invalid"),
    "an issuer that is a list": (lambda told: told.forged(SIGNED, rs256, iss=[]), "id_token_issuer"),
    "a party that is a list": (lambda told: told.id_token(azp=[]), "id_token_audience"),
    "no subject": (lambda told: told.id_token(sub=...), "id_token_invalid"),
    "an empty subject": (lambda told: told.id_token(sub=""), "id_token_invalid"),
    "a subject without end": (lambda told: told.id_token(sub="x" * 300), "id_token_invalid"),
    "unknown key": (lambda told: jwt.encode(told.said(), OTHER, "RS256", {"kid": "other"}), "id_token_key"),
    "another key": (lambda told: told.id_token(OTHER), "id_token_signature"),
    "brings its key": (brings_its_key, "id_token_signature"),
    "changed": (lambda told: changed(told.id_token()), "id_token_signature"),
    "no JSON": (lambda told: jwt.api_jws.encode(b"[]", KEY, "RS256", {"kid": "first"}), "id_token_invalid"),
    "no text": (lambda told: jwt.api_jws.encode(b"\xff", KEY, "RS256", {"kid": "first"}), "id_token_invalid"),
    "no token": (lambda _: "not a token", "id_token_invalid"),
    "too long": (lambda _: "x" * 20000, "id_token_invalid"),
}


def changed(token: str) -> str:
    """The token with another payload under the same signature."""
    head, _, sign = token.split(".")
    return f"{head}.{wrong.b64(b'{}')}.{sign}"


@pytest.mark.parametrize("what", TOKENS)
def test_id_tokens(oauth: OAuth, told: Hostile, what: str) -> None:
    """An id token that is wrong in one way is refused for it."""
    told.token_of, code = TOKENS[what]
    refused(oauth, comes_back(oauth, told), code, error=code)


@pytest.mark.parametrize(
    ("path", "respond", "code", "status"),
    [
        ("/token", wrong.status(500), "provider_unavailable", 503),
        ("/token", wrong.status(429), "provider_unavailable", 503),
        ("/token", wrong.streams, "provider_misbehaved", 502),
        ("/token", wrong.status(200, b"<html>"), "provider_misbehaved", 502),
        ("/token", wrong.status(200, b"[1]"), "provider_misbehaved", 502),
        ("/token", wrong.status(200, b"{}"), "provider_misbehaved", 502),
        ("/token", wrong.status(302, b"{}", Location="http://127.0.0.1:9/"), "provider_misbehaved", 502),
        ("/token", wrong.status(400, b'{"error": "invalid_grant"}'), "oauth_code_refused", 400),
        ("/token", wrong.status(401, b'{"error": "invalid_client"}'), "provider_refused", 502),
        ("/token", wrong.status(400, b'{"error": "temporarily_unavailable"}'), "provider_unavailable", 503),
        (
            "/token",
            wrong.status(400, b'{"error": "x y\\u00e9", "error_description": "\\u00e9"}'),
            "provider_misbehaved",
            502,
        ),
        ("/jwks", wrong.status(500), "provider_unavailable", 503),
        ("/jwks", wrong.status(404), "provider_misbehaved", 502),
        ("/jwks", wrong.status(200, b'{"keys": 1}'), "provider_misbehaved", 502),
        ("/jwks", wrong.streams, "provider_misbehaved", 502),
    ],
)
def test_answers(oauth: OAuth, told: Hostile, path: str, respond: wrong.Respond, code: str, status: int) -> None:
    """A provider that answers what it must not, or without end, is told from one that is down."""
    told.answers[path] = respond
    refused(oauth, comes_back(oauth, told), code, status)


@pytest.mark.parametrize("slow", [wrong.hangs, wrong.drips, wrong.drips_its_head])
@pytest.mark.parametrize("path", ["/token", "/jwks"])
def test_it_hangs(
    oauth_for: Callable[..., OAuth], told: Hostile, path: str, slow: Callable[[threading.Event], wrong.Respond]
) -> None:
    """A provider that says nothing, or a byte now and then, is given up after OAUTH_TIMEOUT."""
    oauth = oauth_for(at(told.issuer), oauth_timeout=timedelta(seconds=2))
    released = threading.Event()
    told.answers[path] = slow(released)
    try:
        refused(oauth, comes_back(oauth, told), "provider_unavailable", 503)
    finally:
        released.set()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"issuer": "https://login.example.com"}, "provider_misbehaved"),
        ({"token_endpoint": ...}, "provider_misbehaved"),
        ({"token_endpoint": "http://login.example.com/token"}, "provider_misbehaved"),
        ({"jwks_uri": "file:///etc/passwd"}, "provider_misbehaved"),
        ({"token_endpoint": "https://[::1/token"}, "provider_misbehaved"),
        ({"authorization_endpoint": 5}, "provider_misbehaved"),
    ],
)
def test_discovery(oauth: OAuth, told: Hostile, changes: dict[str, Any], code: str) -> None:
    """A provider that is another than was configured, or leads out of https, is not spoken to."""
    told.metadata = changes
    answer = oauth.http.get(f"{API}/acme/authorize")
    refused(oauth, answer, code, 502)


def test_an_unknown_key_is_looked_for_now_and_then(oauth: OAuth, told: Hostile) -> None:
    """A provider that turns its keys is followed; whoever invents names of keys makes it no work."""
    assert comes_back(oauth, told).status_code == FIRST
    told.keys, told.header = [public_jwk(), public_jwk(OTHER, "second")], {"kid": "second"}
    told.token_of = lambda told: jwt.encode(told.said(), OTHER, "RS256", {"kid": "second"})
    assert comes_back(oauth, told).get_json()["code"] == "id_token_key"
    assert told.count("/jwks") == 1
    oauth.service.clock.pass_by(seconds=61)
    assert comes_back(oauth, told).status_code == AGAIN
    assert told.count("/jwks") == 2


def test_keys_that_must_not_sign(oauth: OAuth, told: Hostile) -> None:
    """A secret, a key for encryption, a weak key and what is none are no keys of a provider's."""
    weak = generate_private_key(65537, 1024)
    octets = {"kty": "oct", "k": "AAAA", "kid": "oct", "alg": "HS256"}
    told.keys = [
        octets,
        public_jwk(kid="enc", use="enc"),
        public_jwk(weak, "weak"),
        {"kty": "RSA", "kid": "none"},
        5,
        {"kty": []},
    ]
    for kid in ("enc", "weak", "none"):
        told.token_of = partial(signed_as, kid)
        assert comes_back(oauth, told).get_json()["code"] == "id_token_key"
        oauth.service.clock.pass_by(seconds=61)


def signed_as(kid: str, told: Hostile) -> str:
    """An id token that names that key."""
    return jwt.encode(told.said(), KEY, "RS256", {"kid": kid})


def test_a_key_without_a_name(oauth: OAuth, told: Hostile) -> None:
    """A token that names no key is verified by the only one there is, and by none of several."""
    told.token_of = lambda told: jwt.encode(told.said(), KEY, "RS256")
    assert comes_back(oauth, told).status_code == FIRST
    oauth.service.clock.pass_by(hours=2)
    told.keys = [public_jwk(), public_jwk(OTHER, "second")]
    assert comes_back(oauth, told).get_json()["code"] == "id_token_key"


def test_a_replayed_state(oauth: OAuth, told: Hostile) -> None:
    """A return works once."""
    state = left(oauth, told)["state"]
    again = {"state": state, "code": "a-code"}
    assert oauth.http.get(f"{API}/acme/callback", query_string=again).status_code == FIRST
    sessions = oauth.sessions()
    answer = oauth.http.get(f"{API}/acme/callback", query_string=again)
    assert answer.get_json()["code"] == "oauth_state_used"
    assert oauth.sessions() == sessions
    assert told.count("/token") == 1
    (failed,) = [each for each in oauth.log() if each["step"] == "failed"]
    assert failed["flowId"] == next(each["flowId"] for each in oauth.log() if each["step"] == "started")


def test_a_state_from_another_browser(oauth: OAuth, told: Hostile) -> None:
    """Whoever gets somebody to open the address of their own return signs nobody in; nor does it spend the state."""
    state = left(oauth, told)["state"]
    for stranger in (oauth.browser(), oauth.browser()):
        stranger.set_cookie("panzoto_oauth", secrets.token_urlsafe(32))
        answer = stranger.get(f"{API}/acme/callback", query_string={"state": state, "code": "a-code"})
        assert answer.get_json()["code"] == "oauth_other_browser"
    assert oauth.sessions() == 0
    assert oauth.http.get(f"{API}/acme/callback", query_string={"state": state, "code": "a-code"}).status_code == FIRST


@pytest.mark.parametrize("state", ["", "invented", "st_" + "a" * 22, "x" * 500])
def test_an_unknown_state(oauth: OAuth, state: str) -> None:
    """Whoever did not leave from here does not come back."""
    answer = oauth.http.get(f"{API}/acme/callback", query_string={"state": state, "code": "a-code"})
    refused(oauth, answer, "oauth_state_unknown")


def test_a_state_that_is_too_old(oauth: OAuth, told: Hostile) -> None:
    """Ten minutes are enough for a sign-in, whatever TTL has deleted by then."""
    state = left(oauth, told)["state"]
    oauth.service.clock.pass_by(minutes=10, seconds=1)
    refused(
        oauth, oauth.http.get(f"{API}/acme/callback", query_string={"state": state, "code": "c"}), "oauth_state_unknown"
    )


def test_a_state_of_another_provider(oauth_for: Callable[..., OAuth], told: Hostile) -> None:
    """What began at one provider does not come back from another (mix-up)."""
    with hostile() as evil:
        oauth = oauth_for(at(told.issuer), at(evil.issuer, name="evil"))
        state = left(oauth, told)["state"]
        answer = oauth.http.get(f"{API}/evil/callback", query_string={"state": state, "code": "a-code"})
        refused(oauth, answer, "oauth_state_unknown")
        assert evil.count("/token") == 0


@pytest.mark.parametrize(
    ("names_itself", "iss"), [(True, None), (True, "https://evil.example"), (False, "https://evil.example")]
)
def test_another_issuer_answers(oauth: OAuth, told: Hostile, names_itself: bool, iss: str | None) -> None:
    """Where a provider names itself in its answer, it must be the one that was asked (RFC 9207)."""
    told.metadata = {"authorization_response_iss_parameter_supported": names_itself}
    refused(oauth, comes_back(oauth, told, **({"iss": iss} if iss else {})), "oauth_other_issuer")
    assert told.count("/token") == 0


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        ("access_denied", "oauth_denied", 403),
        ("server_error", "provider_unavailable", 503),
        ("invalid_scope", "provider_refused", 502),
        ("<script>", "provider_refused", 502),
    ],
)
def test_an_error_comes_back(oauth: OAuth, told: Hostile, error: str, code: str, status: int) -> None:
    """A person who says no is told from a provider that cannot and from one that does not want us."""
    state = left(oauth, told)["state"]
    answer = oauth.http.get(f"{API}/acme/callback", query_string={"state": state, "error": error})
    refused(oauth, answer, code, status)
    assert "<script>" not in json.dumps(oauth.log(), default=str)


def test_an_error_is_told_to_people_and_to_the_app(oauth: OAuth, told: Hostile) -> None:
    """A browser shows a page, with the same status; the app hears the code by its deep link."""
    page = oauth.http.get(f"{API}/acme/callback?state=no", headers=HTML)
    assert (page.status_code, page.mimetype) == (400, "text/html")
    assert b"did not begin here" in page.get_data()
    assert b"That did not work" in page.get_data()
    state = left(oauth, told, redirect_to=DEEP, code_challenge=challenge_of(new_verifier()))["state"]
    answer = oauth.http.get(f"{API}/acme/callback", query_string={"state": state, "error": "access_denied"})
    assert answer.headers["Location"] == f"{DEEP}?error=oauth_denied"


@pytest.mark.parametrize(
    "redirect",
    [
        *("https://evil.example", "panzoto://oauth/", "panzoto://oauth.evil", "PANZOTO://oauth", "panzoto:oauth"),
        *(
            "panzoto://oauth?x=1",
            "panzoto://oauth#",
            "//evil.example",
            "javascript:alert(1)",
            "panzoto://oauth\r\nX: y",
        ),
    ],
)
def test_open_redirects(oauth: OAuth, redirect: str) -> None:
    """A sign-in comes back to no address but those of the list, sign for sign."""
    query = {"redirect_to": redirect, "code_challenge": challenge_of(new_verifier())}
    refused(oauth, oauth.http.get(f"{API}/acme/authorize", query_string=query), "redirect_refused")
    body = {"code": "a-code", "code_verifier": new_verifier(), "redirect_uri": redirect}
    assert oauth.post("/acme/exchange", body).get_json()["code"] == "redirect_refused"


def test_a_swapped_code(oauth: OAuth, told: Hostile) -> None:
    """A code of somebody else's flow brings an id token of that flow, whose nonce is not this browser's."""
    victim = left(oauth, told)
    mine = left(oauth, told)
    told.nonce = victim["nonce"]
    assert victim["code_challenge"] != mine["code_challenge"]
    answer = oauth.http.get(f"{API}/acme/callback", query_string={"state": mine["state"], "code": "victims"})
    refused(oauth, answer, "id_token_nonce")
    ((_, form),) = [each for each in told.asked if each[0] == "/token"]
    assert challenge_of(form["code_verifier"]) == mine["code_challenge"]


@pytest.mark.parametrize("missing", ["id_token", "access_token"])
def test_tokens_that_are_missing(oauth: OAuth, told: Hostile, missing: str) -> None:
    """An answer without an id token, or without an access token, signs nobody in."""
    told.tokens = {missing: ...}
    refused(oauth, comes_back(oauth, told), "provider_misbehaved", 502)


@pytest.mark.parametrize("odd", [{"token_type": "mac"}, {"access_token": 5}, {"access_token": "x" * 40000}])
def test_tokens_that_cannot_be_used(oauth: OAuth, told: Hostile, odd: dict[str, Any]) -> None:
    """Tokens of another type, of no text, or without end are none."""
    told.tokens = odd
    refused(oauth, comes_back(oauth, told), "provider_misbehaved", 502)


def test_handoffs(oauth: OAuth, told: Hostile) -> None:
    """The code that a browser hands over works once, for two minutes, for the app that holds the verifier."""

    def handed(verifier: str) -> dict[str, str]:
        state = left(oauth, told, redirect_to=DEEP, code_challenge=challenge_of(verifier))["state"]
        answer = oauth.http.get(f"{API}/acme/callback", query_string={"state": state, "code": "a-code"})
        code = parse_qs(urlsplit(answer.headers["Location"]).query)["handoff"][0]
        return {"handoff": code, "code_verifier": verifier}

    stolen = handed(new_verifier())
    for wrong_one in (
        stolen | {"code_verifier": new_verifier()},
        stolen | {"handoff": "hand_" + "a" * 22},
        stolen | {"handoff": "x"},
    ):
        assert oauth.post("/acme/exchange", wrong_one).get_json()["code"] == "handoff_invalid"
    assert oauth.sessions() == 0
    assert oauth.post("/acme/exchange", stolen).status_code == 200
    assert oauth.post("/acme/exchange", stolen).get_json()["code"] == "handoff_invalid"
    late = handed(new_verifier())
    oauth.service.clock.pass_by(minutes=2, seconds=1)
    assert oauth.post("/acme/exchange", late).get_json()["code"] == "handoff_invalid"


def test_unknown_providers(oauth: OAuth) -> None:
    """A provider that is not configured has none of the ways."""
    account = oauth.service.register()
    token = account["token"]
    body = {"id_token": "x", "nonce": "long-enough"}
    answers = [
        oauth.http.get(f"{API}/other/authorize"),
        oauth.http.get(f"{API}/other/callback?state=x"),
        oauth.post("/other/id-token", body),
        oauth.post("/other/link", body, token),
        oauth.get("/other/access-token", token),
    ]
    assert [each.get_json()["code"] for each in answers] == ["provider_unknown"] * 5


@pytest.mark.parametrize(
    "body",
    [
        {"code_verifier": "v" * 43},
        {"code": "c", "handoff": "h", "code_verifier": "v" * 43},
        {"handoff": "h", "code_verifier": "v" * 43, "nonce": "long-enough"},
        {"code": "c", "code_verifier": "short"},
        {"code": "c"},
    ],
)
def test_bodies_that_are_none(oauth: OAuth, body: dict[str, str]) -> None:
    """A body that shows nothing, or two things, is a 400 with a sentence."""
    assert oauth.post("/acme/exchange", body).get_json()["code"] == "invalid_request"
    assert oauth.http.get(f"{API}/acme/authorize?redirect_to={DEEP}").get_json()["code"] == "invalid_request"
