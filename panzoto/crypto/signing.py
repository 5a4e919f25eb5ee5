"""The keys that sign access tokens: one signs, all verify, and only in the one algorithm that is configured.

A token's header is made here and never obeyed: a token whose first part is not, byte for byte, the header of one of our
keys was not made by us. So no token names its algorithm, brings a key along (`jwk`, `jku`, `x5u`), or is unsigned.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from jwt import InvalidTokenError, PyJWS

from panzoto.crypto.ring import PrivateKey, Ring, public_jwk
from panzoto.errors import TokenInvalid

TYPE = "at+jwt"
ALWAYS = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class SigningKey:
    """What signs and verifies: for HS256 the secret twice, without a `kid`; otherwise the two halves of a pair."""

    kid: str
    private: PrivateKey | bytes = field(repr=False)
    public: Ed25519PublicKey | EllipticCurvePublicKey | bytes = field(repr=False)
    activates_at: datetime = ALWAYS
    not_after: datetime | None = None

    @property
    def header(self) -> dict[str, Any]:
        """What a token's header says beside the algorithm."""
        return {"typ": TYPE} | ({"kid": self.kid} if self.kid else {})


class SigningKeys:
    """Keys of one algorithm, in the order in which they sign. `of_secrets` and `of_ring` make them."""

    def __init__(self, algorithm: str, keys: tuple[SigningKey, ...]) -> None:
        self.algorithm = algorithm
        self._keys = keys
        self._jws = PyJWS(algorithms=[algorithm])
        self._by_header: dict[str, tuple[SigningKey, ...]] = {}
        for key in keys:
            header = self._sign(b"", key).partition(".")[0]
            self._by_header[header] = (key, *self._by_header.get(header, ()))

    @classmethod
    def of_secrets(cls, secret: str, *older: str) -> Self:
        """HS256 with a secret; older ones still verify."""
        each = [text.encode() for text in (*reversed(older), secret)]
        return cls("HS256", tuple(SigningKey("", secret, secret) for secret in each))

    @classmethod
    def of_ring(cls, ring: Ring) -> Self:
        """The keys of a ring: each signs from its time on, each verifies until it is gone."""
        return cls(
            ring.algorithm,
            tuple(
                SigningKey(key.kid, key.private, key.private.public_key(), key.activates_at, key.not_after)
                for key in ring.keys
            ),
        )

    def sign(self, payload: bytes, now: datetime) -> str:
        """A token of this payload, by the key whose turn it is."""
        turns = [key for key in self._keys if key.activates_at <= now]
        # a clock that is behind sees a new ring before its time
        return self._sign(payload, turns[-1] if turns else self._keys[0])

    def made(self, token: str) -> bool:
        """Whether the token has the header of one of these keys; the signature is yet to be verified."""
        return token.partition(".")[0] in self._by_header

    def verify(self, token: str) -> tuple[bytes, datetime | None]:
        """The payload of a token that one of these keys signed, and when that key is gone; or `TokenInvalid`."""
        for key in self._by_header.get(token.partition(".")[0], ()):
            try:
                return self._jws.decode(token, key.public, algorithms=[self.algorithm]), key.not_after
            except (InvalidTokenError, UnicodeEncodeError):
                continue
        raise TokenInvalid

    def jwks(self, now: datetime) -> dict[str, list[dict[str, str]]]:
        """The public keys for `/.well-known/jwks.json`, those that will sign included; none for HS256."""
        return {
            "keys": [
                public_jwk(self.algorithm, key.private) | {"kid": key.kid, "alg": self.algorithm, "use": "sig"}
                for key in self._keys
                if not isinstance(key.private, bytes) and (key.not_after is None or key.not_after > now)
            ]
        }

    def _sign(self, payload: bytes, key: SigningKey) -> str:
        return self._jws.encode(payload, key.private, self.algorithm, key.header)
