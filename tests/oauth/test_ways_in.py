"""The three ways in, against a certified provider."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import urlopen

from panzoto.flows import _audio_key, browser_session
from panzoto.flows.oauth._proofs import challenge_of
from panzoto.web.browser import SESSION
from tests.oauth.certified import NATIVE, Certified, Person
from tests.oauth.conftest import HTML, OAuth, at, new_name, new_verifier


def test_a_browser_hands_the_app_a_code(oauth: OAuth) -> None:
    """The first time makes a person, the second finds them; every step is in the log, in order, under one flow."""
    name = new_name()
    first = oauth.signed_in(name)
    assert first["user"]["email"] == f"{name}@people.example"
    assert first["user"]["email_verified"]
    assert {"token", "refresh_token", "key_salt", "audio_key", "recovery_key"} <= set(first)
    again = oauth.signed_in(name)
    assert again["user_id"] == first["user_id"]
    assert "recovery_key" not in again
    flow = oauth.steps(first["user_id"])[-1]["flowId"]
    assert [each["step"] for each in oauth.deps.oauth_logs.first_of_flow(flow, 20)] == [
        *("started", "redirected", "returned", "token_received", "handed_to_app"),
        *("handed_over", "sealed", "signed_in"),
    ]


def cookie(oauth: OAuth) -> str:
    """The session in the browser."""
    kept = oauth.http.get_cookie(SESSION.name_at(oauth.deps.config))
    assert kept is not None
    return kept.value


def test_a_browser_signs_in_here(oauth: OAuth) -> None:
    """Without an app the browser keeps the session in its cookie, and no address has a token.

    The first time a page shows the recovery key, which is nowhere else; from then on it is led to who is signed in.
    """
    somebody = Person(new_name())
    first = oauth.returns(somebody.agrees(oauth.leaves()), headers=HTML)
    (key,) = re.findall(r'<pre class="key">(.+?)</pre>', first.get_data(as_text=True))
    visitor = browser_session.visitor(oauth.deps, cookie(oauth))
    assert visitor.user.audio_key is not None
    _audio_key.recovered(oauth.deps, visitor.user, visitor.user.audio_key, key, "a new password")  # or it would raise
    assert b"people.example" in oauth.http.get("/signed-in").get_data()
    again = oauth.returns(somebody.agrees(oauth.leaves()), headers=HTML)
    assert (again.status_code, again.headers["Location"]) == (303, "/signed-in")


def test_the_browsers_session_of_before_ends(oauth: OAuth) -> None:
    """Whoever signs in where somebody else is signed in takes their place."""
    oauth.returns(Person(new_name()).agrees(oauth.leaves()), headers=HTML)
    before = cookie(oauth)
    oauth.returns(Person(new_name()).agrees(oauth.leaves()), headers=HTML)
    oauth.deps.later.finish()
    other = oauth.browser()
    other.set_cookie(SESSION.name_at(oauth.deps.config), before)
    assert other.get("/signed-in").status_code == 401


def native(provider: Certified, client_id: str, verifier: str, **more: str) -> str:
    """The address by which an app sends its own browser to the provider (RFC 8252)."""
    query = {
        "client_id": client_id,
        "response_type": "code",
        "redirect_uri": NATIVE,
        "scope": "openid email profile offline_access",
        "prompt": "consent",
        "state": secrets.token_urlsafe(16),
        "code_challenge": challenge_of(verifier),
        "code_challenge_method": "S256",
        **more,
    }
    return f"{provider.metadata['authorization_endpoint']}?{urlencode(query)}"


def code_of(address: str) -> str:
    """The code in the address that a provider led to."""
    return parse_qs(urlsplit(address).query)["code"][0]


def test_an_app_exchanges_its_own_code(oauth: OAuth, provider: Certified) -> None:
    """The app has got a code in its own browser, and the verifier of it; each code signs in once."""
    verifier, nonce = new_verifier(), secrets.token_urlsafe(16)
    code = code_of(Person(new_name()).agrees(native(provider, "panzoto", verifier, nonce=nonce)))
    body = {"code": code, "code_verifier": verifier, "redirect_uri": NATIVE, "nonce": nonce, "device_id": "phone"}
    answer = oauth.post("/acme/exchange", body)
    assert answer.status_code == 200, answer.get_json()
    user_id = answer.get_json()["user_id"]
    assert [each["step"] for each in oauth.steps(user_id)] == ["sealed", "signed_in"]
    assert oauth.post("/acme/exchange", body).get_json()["code"] == "oauth_code_refused"


def id_token(provider: Certified, client_id: str, nonce: str, name: str) -> str:
    """An id token of the provider's, as an app gets it from its phone."""
    verifier = new_verifier()
    code = code_of(Person(name).agrees(native(provider, client_id, verifier, nonce=nonce)))
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "code_verifier": verifier,
        "client_id": client_id,
        "redirect_uri": NATIVE,
    }
    with urlopen(provider.metadata["token_endpoint"], urlencode(form).encode(), timeout=20) as answer:
        return str(json.load(answer)["id_token"])


def test_an_app_brings_an_id_token(oauth_for: Callable[..., OAuth], provider: Certified) -> None:
    """As Sign in with Google on Android: an id token of a client of ours signs in, once, with its nonce alone."""
    oauth = oauth_for(at(provider.issuer, audiences=("app",)))
    nonce, name = secrets.token_urlsafe(16), new_name()
    token = id_token(provider, "app", nonce, name)
    refused = oauth.post("/acme/id-token", {"id_token": token, "nonce": "another-nonce"})
    assert refused.get_json()["code"] == "id_token_nonce"
    answer = oauth.post("/acme/id-token", {"id_token": token, "nonce": nonce})
    assert answer.status_code == 200, answer.get_json()
    again = oauth.post("/acme/id-token", {"id_token": token, "nonce": nonce})
    assert again.get_json()["code"] == "id_token_used"
    assert oauth.signed_in(name)["user_id"] == answer.get_json()["user_id"]
    without = oauth.get("/acme/access-token", answer.get_json()["token"])
    assert without.status_code == 200
