"""Access tokens say who signed in, hold from their first second to their last, and are ours byte for byte."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from panzoto.crypto.access import CACHED
from panzoto.crypto.claims import AccessClaims, SignIn
from panzoto.crypto.ring import generate, rotate
from panzoto.crypto.signing import SigningKeys
from panzoto.errors import TokenExpired, TokenInvalid
from tests.crypto.tokens import (
    ALGORITHMS,
    KEYS,
    LIFETIME,
    NOW,
    OLDER,
    SECRET,
    WHO,
    access,
    payload,
    signed,
)

SECOND = timedelta(seconds=1)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
TIMES = st.datetimes(datetime(2000, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 (bounds)


SIGN_INS = st.builds(
    SignIn,
    user_id=TEXTS,
    sid=TEXTS,
    ep=st.integers(0),
    amr=st.lists(TEXTS).map(tuple),
    auth_time=TIMES.map(lambda time: time.replace(microsecond=0)),
    roles=st.lists(TEXTS).map(tuple),
)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(ALGORITHMS), SIGN_INS, TIMES)
def test_a_token_says_what_it_was_minted_with(algorithm: str, who: SignIn, now: datetime) -> None:
    """Whoever signed in, however and when, is read as they were, to the second."""
    tokens = access(KEYS[algorithm])
    token = tokens.mint(who, now)
    if len(token) > 4096:
        with pytest.raises(TokenInvalid):
            tokens.read(token, now)
        return
    claims = tokens.read(token, now)
    issued_at = now.replace(microsecond=0)
    jti = claims.jti
    assert claims == AccessClaims(**vars(who), jti=jti, issued_at=issued_at, expires_at=issued_at + LIFETIME)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_any_other_library_reads_it(algorithm: str) -> None:
    """The token is a JWT of RFC 9068 to whoever has the key, with the seed's `user_id` beside `sub`."""
    keys = KEYS[algorithm]
    token = access(keys).mint(WHO, NOW)
    key: Any = SECRET if algorithm == "HS256" else jwt.PyJWK(keys.jwks(NOW)["keys"][0]).key
    options: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}
    read = jwt.decode_complete(
        token, key, algorithms=[algorithm], audience="panzoto", issuer="https://api.example", options=options
    )
    kid = {} if algorithm == "HS256" else {"kid": keys.jwks(NOW)["keys"][0]["kid"]}
    assert read["header"] == {"alg": algorithm, "typ": "at+jwt"} | kid
    at = int(NOW.timestamp())
    assert read["payload"] == {
        "iss": "https://api.example",
        "aud": "panzoto",
        "sub": "user-1",
        "user_id": "user-1",
        "sid": "ses_1",
        "ep": 3,
        "amr": ["pwd"],
        "roles": ["admin"],
        "auth_time": at - 3600,
        "iat": at,
        "nbf": at,
        "exp": at + 900,
        "jti": read["payload"]["jti"],
    }


def test_every_token_has_a_name_of_its_own() -> None:
    """Two tokens of one session in one second have different names, of at least 128 bits."""
    tokens = access(KEYS["HS256"])
    names = {tokens.read(tokens.mint(WHO, NOW), NOW).jti for _ in range(50)}
    assert len(names) == 50
    assert all(len(name) == 22 and name.isalnum() for name in names)


def test_claims_can_be_minted_again() -> None:
    """What a token said makes the next one, with a name and times of its own."""
    tokens = access(KEYS["HS256"])
    first = tokens.read(tokens.mint(WHO, NOW), NOW)
    later = NOW + timedelta(minutes=10)
    second = tokens.read(tokens.mint(first, later), later)
    assert second == replace(first, jti=second.jti, issued_at=later, expires_at=later + LIFETIME)
    assert second.jti != first.jti


@pytest.mark.parametrize("who", [replace(WHO, sid=None), replace(WHO, ep=None)], ids=["no session", "no epoch"])
def test_a_token_is_of_a_session(who: SignIn) -> None:
    """Nobody is given a token without a session and an epoch, which could not be revoked."""
    with pytest.raises(ValueError, match="session"):
        access(KEYS["HS256"]).mint(who, NOW)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_token_expires_to_the_second(algorithm: str) -> None:
    """It holds before `exp` and not from `exp` on, whether it was read before or not."""
    tokens = access(KEYS[algorithm])
    token = tokens.mint(WHO, NOW)
    for fresh in (tokens, access(KEYS[algorithm])):
        assert fresh.read(token, NOW + LIFETIME - timedelta(microseconds=1)).user_id == "user-1"
        with pytest.raises(TokenExpired):
            fresh.read(token, NOW + LIFETIME)


def test_a_clock_may_be_five_seconds_behind() -> None:
    """A token from a clock ahead of ours holds within the leeway, and no earlier, read before or not."""
    tokens = access(KEYS["HS256"])
    token = tokens.mint(WHO, NOW)
    assert tokens.read(token, NOW - 5 * SECOND)
    with pytest.raises(TokenInvalid):
        tokens.read(token, NOW - 5.001 * SECOND)


@pytest.mark.parametrize("claim", ["iat", "nbf"])
def test_each_beginning_counts(claim: str) -> None:
    """A token that is of the future by either of its beginnings does not hold yet."""
    tokens = access(KEYS["HS256"])
    later = payload(tokens.mint(WHO, NOW)) | {claim: int(NOW.timestamp()) + 60}
    with pytest.raises(TokenInvalid):
        tokens.read(signed(KEYS["HS256"], later), NOW)
    assert tokens.read(signed(KEYS["HS256"], later), NOW + 60 * SECOND)


WRONG: dict[str, Any] = {
    "iss": ["https://evil.example", "https://api.example/", "", None, ["https://api.example"]],
    "aud": ["other", "", None, ["panzoto"], ["panzoto", "other"]],
    "sub": ["user-2", None, 1, ["user-1"]],
    "user_id": ["user-2", None, {}],
    "sid": [None, 1],
    "jti": [None, 1, []],
    "ep": [None, "3", 3.0, True],
    "iat": [None, "0", True, 1.5, 10**30, -(10**30)],
    "nbf": [None, [], 10**18],
    "exp": [None, "9", 1e30, 10**20],
    "auth_time": [None, 0.5, 10**17],
    "amr": [None, "pwd", [1], [["pwd"]]],
    "roles": [None, "admin", {}, [None]],
}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("claim", WRONG)
def test_a_payload_of_another_shape_is_refused(algorithm: str, claim: str) -> None:
    """Under a good signature too, every claim has to be there, in its kind, and with our names."""
    tokens = access(KEYS[algorithm])
    good = payload(tokens.mint(WHO, NOW))
    assert tokens.read(signed(KEYS[algorithm], good), NOW)
    without = {name: value for name, value in good.items() if name != claim}
    for said in (without, *(good | {claim: wrong} for wrong in WRONG[claim])):
        with pytest.raises(TokenInvalid):
            tokens.read(signed(KEYS[algorithm], said), NOW)


@pytest.mark.parametrize("said", [b"", b"x", b"[]", b"null", b"\xff", b"[" * 100_000, b'"user"'])
def test_a_payload_that_is_no_object_is_refused(said: bytes) -> None:
    """Under a good signature too, a payload is a JSON object."""
    with pytest.raises(TokenInvalid):
        access(KEYS["HS256"])._verify(signed(KEYS["HS256"], said))


def test_an_older_secret_still_verifies_and_signs_no_more() -> None:
    """After a change of the secret, sessions go on; a dropped secret is dropped."""
    before, after = SigningKeys.of_secrets(OLDER), SigningKeys.of_secrets(SECRET, OLDER)
    old, new = access(before).mint(WHO, NOW), access(after).mint(WHO, NOW)
    assert access(after).read(old, NOW)
    assert access(after).read(new, NOW)
    assert access(SigningKeys.of_secrets(SECRET)).read(new, NOW)
    for keys, token in ((before, new), (SigningKeys.of_secrets(SECRET), old)):
        with pytest.raises(TokenInvalid):
            access(keys).read(token, NOW)


def test_a_key_that_is_gone_takes_its_tokens_along() -> None:
    """What is signed with a retired key is refused from the key's last moment on, whatever it says of its expiry."""
    ring = rotate(generate("EdDSA", NOW), NOW, lead=LIFETIME, lifetime=LIFETIME)
    gone_at = ring.keys[0].not_after
    assert gone_at is not None
    tokens = access(SigningKeys.of_ring(ring), lifetime=timedelta(days=365))
    stolen = tokens.mint(WHO, NOW)
    assert tokens.read(stolen, gone_at - SECOND)
    with pytest.raises(TokenExpired):
        tokens.read(stolen, gone_at)


def test_verified_tokens_are_remembered_within_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """A token is verified once, refused ones are not kept, and no more are kept than the bound."""
    tokens = access(KEYS["HS256"])
    token = tokens.mint(WHO, NOW)
    for _ in range(3):
        tokens.read(token, NOW)
        with pytest.raises(TokenInvalid):
            tokens.read(token[:-4] + "AAAA", NOW)
    kept = tokens._verified.cache_info()
    assert (kept.hits, kept.currsize, kept.maxsize) == (2, 1, CACHED)


def test_a_header_says_nothing_that_is_obeyed() -> None:
    """The header of every token of a key is the same text, so that it can be compared instead of read."""
    tokens = access(KEYS["EdDSA"])
    headers = {tokens.mint(replace(WHO, user_id=str(n)), NOW + n * SECOND).split(".")[0] for n in range(20)}
    assert len(headers) == 1
    assert json.loads(jwt.utils.base64url_decode(headers.pop()))["typ"] == "at+jwt"
