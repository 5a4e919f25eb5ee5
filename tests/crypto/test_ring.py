"""The ring of signing keys turns without anybody being signed out, and holds nothing that it should not."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from panzoto.crypto.ring import ALGORITHMS, CLOCKS_DIFFER, Ring, generate, rotate
from panzoto.crypto.signing import SigningKeys
from panzoto.crypto.text import to_base64url
from panzoto.errors import TokenInvalid
from tests.crypto.tokens import LIFETIME, NOW, WHO, access

LEAD = timedelta(minutes=5)
RINGS = {algorithm: generate(algorithm, NOW) for algorithm in ALGORITHMS}


def kids(keys: SigningKeys, now: datetime) -> list[str]:
    """The names of the public keys."""
    return [key["kid"] for key in keys.jwks(now)["keys"]]


def kid_of(token: str) -> str:
    """The name of the key that signed a token."""
    return str(jwt.get_unverified_header(token)["kid"])


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_new_key_is_announced_before_it_signs(algorithm: str) -> None:
    """Verifiers can read the new public key at once; it signs after the lead, and the old one stays for its tokens."""
    first = RINGS[algorithm]
    ring = rotate(first, NOW, lead=LEAD, lifetime=LIFETIME)
    old, new = ring.keys
    keys = SigningKeys.of_ring(ring)
    assert kids(keys, NOW) == [old.kid, new.kid]
    tokens = access(keys)
    assert kid_of(tokens.mint(WHO, NOW + LEAD - timedelta(seconds=1))) == old.kid == first.keys[0].kid
    assert kid_of(tokens.mint(WHO, NOW + LEAD)) == new.kid
    gone_at = NOW + LEAD + LIFETIME + CLOCKS_DIFFER
    assert (old.not_after, new.not_after) == (gone_at, None)
    assert kids(keys, gone_at - timedelta(seconds=1)) == [old.kid, new.kid]
    assert kids(keys, gone_at) == [new.kid]


def test_what_is_gone_leaves_the_ring() -> None:
    """The next turn drops keys whose last token has expired, and no other."""
    ring = rotate(RINGS["EdDSA"], NOW, lead=LEAD, lifetime=LIFETIME)
    gone_at = ring.keys[0].not_after
    assert gone_at is not None
    early = rotate(ring, gone_at - timedelta(seconds=1), lead=LEAD, lifetime=LIFETIME)
    late = rotate(ring, gone_at, lead=LEAD, lifetime=LIFETIME)
    assert [key.kid for key in early.keys[:2]] == [key.kid for key in ring.keys]
    assert [key.kid for key in late.keys[:1]] == [ring.keys[1].kid]


def test_turning_twice_in_a_hurry_keeps_the_order() -> None:
    """A second turn before the first has taken effect, with a shorter lead, overtakes nothing."""
    ring = rotate(RINGS["EdDSA"], NOW, lead=LEAD, lifetime=LIFETIME)
    ring = rotate(ring, NOW, lead=timedelta(), lifetime=LIFETIME)
    assert [key.activates_at for key in ring.keys] == [NOW, NOW + LEAD, NOW + LEAD]
    assert kid_of(access(SigningKeys.of_ring(ring)).mint(WHO, NOW + LEAD)) == ring.keys[2].kid


def test_a_new_ring_ends_every_token_of_the_old() -> None:
    """After a theft a ring of one new key takes the place of the old, whose tokens are refused at once."""
    before, after = access(SigningKeys.of_ring(RINGS["ES256"])), access(SigningKeys.of_ring(generate("ES256", NOW)))
    with pytest.raises(TokenInvalid):
        after.read(before.mint(WHO, NOW), NOW)


def test_a_clock_that_is_behind_signs_all_the_same() -> None:
    """A process that has a new ring before the ring's first second signs with its first key."""
    tokens = access(SigningKeys.of_ring(RINGS["EdDSA"]))
    assert tokens.read(tokens.mint(WHO, NOW - timedelta(hours=1)), NOW - timedelta(hours=1))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.booleans(),
            st.integers(0, 1200),
            st.integers(0, int(LEAD.total_seconds())),
            st.integers(0, int(LIFETIME.total_seconds()) - 1),
        ),
        max_size=12,
    )
)
def test_however_often_it_turns_no_token_is_lost(steps: list[tuple[bool, int, int, int]]) -> None:
    """A token holds to its last second, for whoever has today's ring and for whoever last looked a lead ago."""
    now, ring = NOW, RINGS["EdDSA"]
    seen: list[tuple[datetime, Ring]] = [(now, ring)]
    minted: list[tuple[datetime, str]] = []
    for turns, wait, behind, ahead in steps:
        now += timedelta(seconds=wait)
        if turns:
            ring = rotate(ring, now, lead=LEAD, lifetime=LIFETIME)
            seen.append((now, ring))
        minted.append((now, access(SigningKeys.of_ring(ring)).mint(WHO, now)))
        stale = [each for at, each in seen if at <= now - timedelta(seconds=behind)] or [seen[0][1]]
        assert access(SigningKeys.of_ring(stale[-1])).read(minted[-1][1], now)
        for at, token in minted:
            if now - at + timedelta(seconds=ahead) < LIFETIME:
                assert access(SigningKeys.of_ring(ring)).read(token, now + timedelta(seconds=ahead))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_ring_survives_being_written(algorithm: str) -> None:
    """Written and read again, it is the same ring: what one process signed, the other verifies."""
    ring = rotate(RINGS[algorithm], NOW, lead=LEAD, lifetime=LIFETIME)
    again = Ring.read(ring.write())
    assert json.loads(again.write()) == json.loads(ring.write())
    assert [replace(key, private=None) for key in again.keys] == [replace(key, private=None) for key in ring.keys]  # type: ignore[arg-type]
    token = access(SigningKeys.of_ring(ring)).mint(WHO, NOW)
    assert access(SigningKeys.of_ring(again)).read(token, NOW)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_key_may_be_written_as_a_jwk(algorithm: str) -> None:
    """A key in JWK is the same as in PEM, and signs from the time it was made when nothing else is said."""
    ring = RINGS[algorithm]
    jwk: Any = jwt.get_algorithm_by_name(algorithm).to_jwk(ring.keys[0].private, as_dict=True)
    said = {"kid": ring.keys[0].kid, "jwk": jwk, "created_at": "2026-01-01T00:00:00+01:00"}
    (key,) = Ring.read(json.dumps({"alg": algorithm, "keys": [said]})).keys
    assert key.activates_at == key.created_at == datetime.fromisoformat("2025-12-31T23:00:00Z")
    assert SigningKeys.of_ring(ring).jwks(NOW) == SigningKeys.of_ring(Ring(algorithm, (key,))).jwks(NOW)


def test_public_keys_are_public_alone() -> None:
    """What is published has the members of RFC 7517 and nothing of the private half; HS256 publishes nothing."""
    for algorithm, members in (("EdDSA", {"kty", "crv", "x"}), ("ES256", {"kty", "crv", "x", "y"})):
        (key,) = SigningKeys.of_ring(RINGS[algorithm]).jwks(NOW)["keys"]
        assert key.keys() == members | {"kid", "alg", "use"}
        assert (key["alg"], key["use"]) == (algorithm, "sig")
        thumbprint = json.dumps({name: key[name] for name in sorted(members)}, separators=(",", ":"))
        assert key["kid"] == to_base64url(sha256(thumbprint.encode()).digest())
    assert SigningKeys.of_secrets("s" * 40).jwks(NOW) == {"keys": []}


def test_the_thumbprint_is_that_of_the_standard() -> None:
    """The example of RFC 8037, appendix A, has the name that it has there."""
    jwk = {
        "kty": "OKP",
        "crv": "Ed25519",
        "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    }
    said = {"kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", "jwk": jwk, "created_at": NOW.isoformat()}
    assert Ring.read(json.dumps({"alg": "EdDSA", "keys": [said]})).keys[0].kid == said["kid"]


def test_nothing_private_is_printed() -> None:
    """A ring, its keys and what is made of them can be logged by mistake without telling a key."""
    for ring in RINGS.values():
        private = ring.keys[0].private
        raw = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()).hex()
        keys = SigningKeys.of_ring(ring)
        for shown in (repr(ring), repr(keys), repr(keys._keys), repr(SigningKeys.of_secrets("the secret" * 5)._keys)):
            assert "PRIVATE" not in shown
            assert "Key object" not in shown
            assert "the secret" not in shown
            assert raw[40:80] not in shown


def pem(key: Any, encryption: KeySerializationEncryption | None = None) -> str:
    """A private key in PEM."""
    text: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())
    return text.decode()


def changed(change: Callable[[dict[str, Any]], object]) -> str:
    """A good ring with one change."""
    said = json.loads(RINGS["EdDSA"].write())
    change(said)
    return json.dumps(said)


def first(**members: Any) -> str:
    """A good ring whose key says something else."""
    return changed(lambda said: said["keys"][0].update(members))


PUBLIC = RINGS["EdDSA"].keys[0].private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
OWN: Any = Ed25519PrivateKey.generate()
FAULTS = {
    "nothing": "",
    "no JSON": "{",
    "no object": "[]",
    "no keys": changed(lambda said: said.pop("keys")),
    "no key": changed(lambda said: said["keys"].clear()),
    "keys that are none": changed(lambda said: said.update(keys=["key"])),
    "no algorithm": changed(lambda said: said.pop("alg")),
    "HS256": changed(lambda said: said.update(alg="HS256")),
    "none": changed(lambda said: said.update(alg="none")),
    "another algorithm": changed(lambda said: said.update(alg="ES256")),
    "RS256": changed(lambda said: said.update(alg="RS256")),
    "a key twice": changed(lambda said: said.update(keys=said["keys"] * 2)),
    "another's kid": first(kid="other"),
    "no kid": changed(lambda said: said["keys"][0].pop("kid")),
    "no time": changed(lambda said: said["keys"][0].pop("created_at")),
    "a time without a zone": first(created_at="2026-01-01T00:00:00"),
    "a time that is none": first(activates_at="soon"),
    "a newest key with an end": first(not_after="2026-01-01T00:00:00+00:00"),
    "a public key": first(private_pem=PUBLIC.decode()),
    "text for a key": first(private_pem="secret key"),
    "a number for a key": first(private_pem=7),
    "an RSA key": first(private_pem=pem(rsa.generate_private_key(65537, 2048))),
    "another curve": first(private_pem=pem(Ed448PrivateKey.generate())),
    "a key with a passphrase": first(private_pem=pem(OWN, BestAvailableEncryption(b"secret"))),
    "a JWK that is none": first(jwk={"kty": "OKP"}),
    "a public JWK": first(jwk=jwt.get_algorithm_by_name("EdDSA").to_jwk(OWN.public_key(), as_dict=True)),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_ring_with_a_fault_is_refused(fault: str) -> None:
    """Every fault stops the start with a sentence, and the sentence tells nothing of a key."""
    with pytest.raises(ValueError, match=r"\bring\b|kid") as said:
        Ring.read(FAULTS[fault])
    assert "secret" not in str(said.value)
    assert "PRIVATE" not in str(said.value)


def test_es256_is_of_one_curve() -> None:
    """ES256 means P-256: another curve is refused as PEM and as JWK."""
    for curve in (ec.SECP384R1(), ec.SECP256K1()):
        private = ec.generate_private_key(curve)
        jwk = jwt.get_algorithm_by_name("ES384").to_jwk(private, as_dict=True)
        for how in ({"private_pem": pem(private)}, {"jwk": jwk}):
            said = {"kid": "any", "created_at": NOW.isoformat(), **how}
            with pytest.raises(ValueError, match="ring"):
                Ring.read(json.dumps({"alg": "ES256", "keys": [said]}))
