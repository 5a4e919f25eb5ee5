"""What attackers write: none of it is read as a token of ours."""

from __future__ import annotations

import hmac
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from panzoto.crypto.ring import generate
from panzoto.crypto.signing import SigningKeys
from panzoto.errors import PanzotoError, TokenExpired, TokenInvalid
from tests.crypto.tokens import ALGORITHMS, KEYS, NOW, OLD_BACKEND, SECRET, UNTIL, WHO, access, forged, payload

TOKENS = {algorithm: access(keys, legacy=True) for algorithm, keys in KEYS.items()}
OURS_ALONE = {algorithm: access(keys) for algorithm, keys in KEYS.items()}
MINTED = {algorithm: tokens.mint(WHO, NOW) for algorithm, tokens in TOKENS.items()}
BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def refused(algorithm: str, token: str) -> None:
    """See that a token is refused, whether those of the old backend are taken or not."""
    for tokens in (TOKENS[algorithm], OURS_ALONE[algorithm]):
        with pytest.raises(TokenInvalid):
            tokens.read(token, NOW)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(ALGORITHMS), st.data())
def test_any_changed_sign_is_refused(algorithm: str, data: st.DataObject) -> None:
    """A token in which one sign is another, is missing, or is there twice, is no token."""
    token = MINTED[algorithm]
    at = data.draw(st.integers(0, len(token) - 1))
    sign = data.draw(st.sampled_from([each for each in BASE64URL + ".=+/ \n\0é" if each != token[at]]))
    refused(algorithm, token[:at] + sign + token[at + 1 :])
    refused(algorithm, token[:at] + token[at + 1 :])
    refused(algorithm, token[:at] + sign + token[at:])


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(ALGORITHMS), st.text(max_size=300) | st.from_regex(r"[\w-]*\.[\w-]*\.[\w-]*", fullmatch=True))
def test_any_text_is_refused(algorithm: str, text: str) -> None:
    """Whatever is sent in place of a token is refused and crashes nothing, lone surrogates too."""
    refused(algorithm, text)
    refused(algorithm, f"{text}\ud800")
    refused(algorithm, f"{MINTED[algorithm].split('.')[0]}.{text}\ud800")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_very_long_text_is_refused_before_any_work(algorithm: str) -> None:
    """Past 4096 signs nothing is parsed, hashed or kept."""
    before = TOKENS[algorithm]._verified.cache_info()
    refused(algorithm, MINTED[algorithm] + "A" * 4096)
    assert TOKENS[algorithm]._verified.cache_info() == before


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("none", ["none", "None", "NONE", "nOnE", "", None])
def test_unsigned_tokens_are_refused(algorithm: str, none: str | None) -> None:
    """`alg: none`, in any spelling, with and without the old signature, proves nothing."""
    said = payload(MINTED[algorithm])
    for header in ({"alg": none, "typ": "at+jwt"}, {"alg": none, "typ": "JWT"}, {"typ": "at+jwt"}):
        refused(algorithm, forged(header, said))
    _, body, signature = MINTED[algorithm].split(".")
    head = forged({"alg": none, "typ": "at+jwt"}, {}).split(".")[0]
    refused(algorithm, f"{head}.{body}.{signature}")
    refused(algorithm, f"{head}.{body}.")


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256"])
def test_the_public_key_is_no_secret(algorithm: str) -> None:
    """An HS256 token keyed with our public key, in any encoding of it, is refused."""
    public: Any = KEYS[algorithm]._keys[0].public
    jwk = KEYS[algorithm].jwks(NOW)["keys"][0]
    encodings = [
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).strip(),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        jwk["x"].encode(),
    ]
    for key in encodings:
        for header in ({"alg": "HS256", "kid": jwk["kid"], "typ": "at+jwt"}, {"alg": "HS256", "typ": "JWT"}):
            unsigned = forged(header, payload(MINTED[algorithm])).rstrip(".")
            mac = hmac.digest(key, unsigned.encode(), "sha256")
            refused(algorithm, forged(header, payload(MINTED[algorithm]), mac))


INJECTED: list[dict[str, Any]] = [
    {"kid": "../../dev/null"},
    {"kid": "' UNION SELECT 'key"},
    {"kid": ""},
    {"kid": None},
    {"kid": ["a"]},
    {"kid": "unknown"},
    {"jku": "https://evil.example/jwks.json"},
    {"x5u": "https://evil.example/cert.pem"},
    {"x5c": ["MIIB"]},
    {"crit": ["exp"], "exp": 1},
    {"b64": False, "crit": ["b64"]},
    {"typ": "JWT"},
    {"typ": "AT+JWT"},
    {"typ": "refresh+jwt"},
    {"cty": "JWT"},
]


@pytest.mark.parametrize("injected", INJECTED, ids=str)
def test_a_header_with_more_or_other_than_ours_is_refused(injected: dict[str, Any]) -> None:
    """Another `kid`, a key or its address, an extension, another type: refused even under the right signature."""
    for algorithm, keys in KEYS.items():
        key: Any = keys._keys[0]
        header = {"alg": algorithm, "typ": "at+jwt"} | ({"kid": key.kid} if key.kid else {}) | injected
        unsigned = forged(header, payload(MINTED[algorithm])).rstrip(".")
        signature = jwt.get_algorithm_by_name(algorithm).sign(unsigned.encode(), key.private)
        refused(algorithm, forged(header, payload(MINTED[algorithm]), signature))


def test_a_key_in_the_header_is_not_used() -> None:
    """A token that brings its own public key (`jwk`) and is well signed by it is refused, with our `kid` too."""
    own = Ed25519PrivateKey.generate()
    jwk = jwt.get_algorithm_by_name("EdDSA").to_jwk(own.public_key(), as_dict=True)
    for kid in ({}, {"kid": KEYS["EdDSA"]._keys[0].kid}):
        headers = {"typ": "at+jwt", "jwk": jwk, **kid}
        refused("EdDSA", jwt.encode(payload(MINTED["EdDSA"]), own, "EdDSA", headers=headers))
    kid = {"kid": KEYS["EdDSA"]._keys[0].kid}
    refused("EdDSA", jwt.encode(payload(MINTED["EdDSA"]), own, "EdDSA", headers={"typ": "at+jwt", **kid}))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_keys_of_others_are_refused(algorithm: str) -> None:
    """A token of another service with the same settings, or of another algorithm, is refused."""
    strangers = {
        "HS256": SigningKeys.of_secrets(SECRET[::-1]),
        "EdDSA": SigningKeys.of_ring(generate("EdDSA", NOW)),
        "ES256": SigningKeys.of_ring(generate("ES256", NOW)),
    }
    for keys in strangers.values():
        refused(algorithm, access(keys).mint(WHO, NOW))
    for other in ALGORITHMS:
        if other != algorithm:
            refused(algorithm, MINTED[other])


def old(**changes: Any) -> str:
    """A token as the old backend made it."""
    said = {"user_id": "user-1", "exp": NOW + timedelta(days=20), "iat": NOW - timedelta(days=10)} | changes
    return jwt.encode({name: value for name, value in said.items() if value is not None}, OLD_BACKEND, "HS256")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_an_old_token_holds_until_the_date(algorithm: str) -> None:
    """A token of the old backend is read, without session or epoch, until the configured date or its own end."""
    tokens, token = TOKENS[algorithm], old()
    claims = tokens.read(token, NOW)
    assert (claims.user_id, claims.sid, claims.ep, claims.amr, claims.roles) == ("user-1", None, None, ("legacy",), ())
    assert claims.auth_time == claims.issued_at == NOW - timedelta(days=10)
    assert claims.expires_at == NOW + timedelta(days=20)
    assert tokens.read(token, UNTIL - timedelta(seconds=1)) == claims
    with pytest.raises(TokenExpired):
        tokens.read(token, UNTIL)
    short = old(exp=NOW + timedelta(days=1))
    with pytest.raises(TokenExpired):
        tokens.read(short, NOW + timedelta(days=1))


def test_old_tokens_have_names_to_revoke_them_by() -> None:
    """An old token, which has no name, is given the same one each time, and another than any other token."""
    tokens = TOKENS["HS256"]
    names = [tokens.read(token, NOW).jti for token in (old(), old(), old(user_id="user-2"))]
    assert names[0] == names[1] != names[2]
    assert names[0].startswith("legacy_")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_old_tokens_are_refused_unless_asked_for(algorithm: str) -> None:
    """Without a date, no old token was ever good."""
    with pytest.raises(TokenInvalid):
        access(KEYS[algorithm]).read(old(), NOW)


FAR = NOW + timedelta(days=400)
NOT_OLD: dict[str, Any] = {
    "of the future": old(iat=NOW + timedelta(minutes=1)),
    "for longer than thirty days": old(exp=FAR),
    "without an end": old(exp=None),
    "without a beginning": old(iat=None),
    "of nobody": old(user_id=None),
    "of a number": old(user_id=7),
    "with roles": old(roles=["admin"]),
    "with a session": old(sid="ses_1"),
    "with an audience": old(aud="panzoto"),
    "of a fraction of a second": old(exp=NOW.timestamp() + 0.5),
    "with another type": jwt.encode(payload(old()), OLD_BACKEND, "HS256", headers={"typ": "at+jwt"}),
    "with a kid": jwt.encode(payload(old()), OLD_BACKEND, "HS256", headers={"kid": "1"}),
    "of another algorithm": jwt.encode(payload(old()), OLD_BACKEND * 2, "HS512"),
    "of another secret": jwt.encode(payload(old()), SECRET, "HS256"),
    "unsigned": forged({"alg": "none", "typ": "JWT"}, payload(old())),
}


@pytest.mark.parametrize("token", NOT_OLD.values(), ids=NOT_OLD)
def test_what_the_old_backend_did_not_make_is_not_read_as_its_own(token: str) -> None:
    """The old secret opens the door to its own tokens alone, as they were: nothing else signed with it."""
    refused("EdDSA", token)


def test_one_secret_for_both_mixes_nothing() -> None:
    """Where the old secret signs the new tokens too, an old one cannot claim what only a new one can."""
    keys = SigningKeys.of_secrets(OLD_BACKEND)
    tokens = access(keys, legacy=True)
    ours = payload(tokens.mint(WHO, NOW))
    with pytest.raises(TokenInvalid):
        tokens.read(jwt.encode(ours, OLD_BACKEND, "HS256"), NOW)
    with pytest.raises(TokenInvalid):
        tokens.read(keys.sign(jwt.utils.base64url_decode(old().split(".")[1]), NOW), NOW)
    assert tokens.read(old(), NOW).amr == ("legacy",)
    assert tokens.read(tokens.mint(WHO, NOW), NOW).amr == ("pwd",)


def test_a_refusal_says_nothing_of_why() -> None:
    """Every refusal is the same sentence, so that a forger learns nothing."""
    sentences = set()
    for token in ("", "a.b.c", MINTED["EdDSA"][:-1], MINTED["HS256"], *NOT_OLD.values()):
        with pytest.raises(PanzotoError) as said:
            TOKENS["EdDSA"].read(token, NOW)
        sentences.add(str(said.value))
    assert sentences == {TokenInvalid.sentence}
