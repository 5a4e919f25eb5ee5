"""The ring of private keys that sign access tokens, and how it is turned: announce, sign, retire.

As JSON: `{"alg": "EdDSA", "keys": [{"kid", "private_pem" or "jwk", "created_at", "activates_at", "not_after"}]}`, the
algorithm `EdDSA` (Ed25519) or `ES256`, times in ISO 8601 with their zone. A key is public from the moment it is in the
ring, signs from `activates_at` until the next key does, and is gone at `not_after`, which the newest key has not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from jwt import PyJWTError, get_algorithm_by_name

from panzoto.crypto.text import to_base64url

PrivateKey = Ed25519PrivateKey | EllipticCurvePrivateKey
ALGORITHMS = ("EdDSA", "ES256")
# The clocks of the processes that sign and verify differ by less.
CLOCKS_DIFFER = timedelta(seconds=60)


@dataclass(frozen=True)
class RingKey:
    """One private key and the times of its life; `kid` is the thumbprint of its public half (RFC 7638)."""

    kid: str
    private: PrivateKey = field(repr=False)
    created_at: datetime
    activates_at: datetime
    not_after: datetime | None = None

    def is_gone(self, now: datetime) -> bool:
        """Whether nothing that it signed can still be valid."""
        return self.not_after is not None and self.not_after <= now


@dataclass(frozen=True)
class Ring:
    """Keys of one algorithm, in the order in which they sign."""

    algorithm: str
    keys: tuple[RingKey, ...]

    def __post_init__(self) -> None:
        if self.algorithm not in ALGORITHMS:
            raise ValueError(f"the algorithm of a ring is one of {', '.join(ALGORITHMS)}")
        if not self.keys or self.keys[-1].not_after is not None:
            raise ValueError("a ring has a newest key, which has no not_after yet")
        if len({key.kid for key in self.keys}) != len(self.keys):
            raise ValueError("a ring holds no key twice")
        if any(key.kid != thumbprint(self.algorithm, key.private) for key in self.keys):
            raise ValueError("the kid of a key is the thumbprint of its public half (RFC 7638)")

    @classmethod
    def read(cls, text: str) -> Self:
        """The ring that this JSON is; a `ValueError` says what is wrong with it, and nothing of the keys."""
        try:
            said = json.loads(text)
            algorithm = str(said["alg"])
            keys = [_read_key(algorithm, each) for each in said["keys"]]
        except (TypeError, LookupError, AttributeError, json.JSONDecodeError):
            raise ValueError('a key ring is JSON such as {"alg": "EdDSA", "keys": […]}') from None
        return cls(algorithm, tuple(sorted(keys, key=lambda key: key.activates_at)))

    def write(self) -> str:
        """The ring as JSON, private keys in clear: it belongs into a secret store and nowhere else."""
        return json.dumps({"alg": self.algorithm, "keys": [_write_key(key) for key in self.keys]}, indent=1)


def generate(algorithm: str, now: datetime) -> Ring:
    """A ring of one new key that signs at once. In place of another ring it ends every access token of that one."""
    return Ring(algorithm, (_new_key(algorithm, now, now),))


def rotate(ring: Ring, now: datetime, *, lead: timedelta, lifetime: timedelta) -> Ring:
    """The ring with a new key that signs after `lead`, and without those that are gone.

    `lead` is how long a verifier may keep the public keys it has read; `lifetime` is an access token's: the key that
    signs today is gone when the last token that it can sign has expired.
    """
    *others, newest = ring.keys
    turns_at = max(now + lead, newest.activates_at)
    leaving = replace(newest, not_after=turns_at + lifetime + CLOCKS_DIFFER)
    kept = tuple(key for key in (*others, leaving) if not key.is_gone(now))
    return Ring(ring.algorithm, (*kept, _new_key(ring.algorithm, now, turns_at)))


def public_jwk(algorithm: str, private: PrivateKey) -> dict[str, str]:
    """The public half as the members of a JWK that its thumbprint covers."""
    jwk: dict[str, str] = get_algorithm_by_name(algorithm).to_jwk(private.public_key(), as_dict=True)
    return jwk


def thumbprint(algorithm: str, private: PrivateKey) -> str:
    """The key's name by RFC 7638: base64url of SHA-256 over the public JWK, sorted and without spaces."""
    canonical = json.dumps(public_jwk(algorithm, private), sort_keys=True, separators=(",", ":"))
    return to_base64url(sha256(canonical.encode()).digest())


def _new_key(algorithm: str, created_at: datetime, activates_at: datetime) -> RingKey:
    private = generate_private_key(SECP256R1()) if algorithm == "ES256" else Ed25519PrivateKey.generate()
    return RingKey(thumbprint(algorithm, private), private, created_at, activates_at)


def _read_key(algorithm: str, said: Mapping[str, Any]) -> RingKey:
    try:
        if "jwk" in said:
            private = get_algorithm_by_name(algorithm).from_jwk(said["jwk"])
        else:
            private = load_pem_private_key(said["private_pem"].encode(), password=None)
    except (ValueError, PyJWTError, UnsupportedAlgorithm):
        raise ValueError("a key of the ring cannot be read") from None
    is_ours = (
        isinstance(private, EllipticCurvePrivateKey) and isinstance(private.curve, SECP256R1)
        if algorithm == "ES256"
        else isinstance(private, Ed25519PrivateKey)
    )
    if not is_ours:
        raise ValueError(f"a key of the ring is no private key of {algorithm}")
    created_at = _time(said["created_at"])
    return RingKey(
        kid=said["kid"],
        private=private,
        created_at=created_at,
        activates_at=_time(said["activates_at"]) if said.get("activates_at") else created_at,
        not_after=_time(said["not_after"]) if said.get("not_after") else None,
    )


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise ValueError("a time of the ring is one of ISO 8601 with its zone")
    return time


def _write_key(key: RingKey) -> dict[str, str]:
    pem = key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    said = {
        "kid": key.kid,
        "private_pem": pem,
        "created_at": key.created_at.isoformat(),
        "activates_at": key.activates_at.isoformat(),
    }
    return said | ({"not_after": key.not_after.isoformat()} if key.not_after else {})
