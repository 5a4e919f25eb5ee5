"""Id tokens: signed by a key that the provider publishes, for us, now, and for this very sign-in.

A token's header chooses nothing but one of those keys by its name: `jku`, `jwk`, `x5u` and `x5c` are not looked at, and
the algorithm is the key's own, of a fixed list of asymmetric ones.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from jwt import InvalidAlgorithmError, InvalidTokenError, PyJWK, PyJWKError, PyJWS, get_unverified_header
from jwt.exceptions import InvalidKeyError, PyJWTError

from panzoto.errors import (
    IdTokenAlgorithm,
    IdTokenAudience,
    IdTokenExpired,
    IdTokenInvalid,
    IdTokenIssuer,
    IdTokenKey,
    IdTokenNonce,
    IdTokenSignature,
    ProviderMisbehaved,
)
from providers import GOOGLE_ISSUER

from .metadata import Cached

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
LONGEST, LONGEST_SUBJECT, LONGEST_TEXT = 16 * 1024, 255, 320
MOST_KEYS = 50
RSA_BITS = 2048
LEEWAY = timedelta(seconds=60)
# Seconds since 1970 that a time can still be made of: in the year 9999.
LAST = 253_000_000_000
# A key that is not known is looked for this often at most, whoever invents names.
PATIENCE = timedelta(seconds=60)
GOOGLE_ISSUERS = frozenset({GOOGLE_ISSUER, "accounts.google.com"})


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who somebody is at a provider: the issuer and the subject. The rest is what the provider says of them."""

    issuer: str
    subject: str
    email: str | None = None
    email_verified: bool = False
    name: str | None = None
    # Until when the token that said so works.
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What an id token must say. `parties` are clients of ours that may have asked for it."""

    issuer: str
    audiences: frozenset[str]
    parties: frozenset[str] | None
    nonce: str | None


class KeySet:
    """A provider's keys, read anew when one is named that is not among them."""

    def __init__(self, read: Callable[[], Mapping[str, Any]]) -> None:
        self._cached = Cached(lambda: _keys(read()))

    def key(self, kid: str | None, now: datetime) -> PyJWK:
        """The key of that name; without a name, the only one there is."""
        found = _named(self._cached.get(now), kid)
        if found is None:
            found = _named(self._cached.get(now, not_before=now - PATIENCE), kid)
        if found is None:
            raise IdTokenKey
        return found


def verified(token: str, keys: KeySet, expected: Expected, now: datetime) -> Identity:
    """Who an id token is of. Each way in which it may be wrong raises an error of its own."""
    said = _said(_payload(token, keys, now))
    issuers = GOOGLE_ISSUERS if expected.issuer == GOOGLE_ISSUER else {expected.issuer}
    if _maybe_text(said.get("iss")) not in issuers:
        raise IdTokenIssuer
    _check_audience(said, expected)
    _check_times(said, now)
    nonce = said.get("nonce")
    if (nonce is None) != (expected.nonce is None) or not hmac.compare_digest(_bytes(nonce), _bytes(expected.nonce)):
        raise IdTokenNonce
    return _identity(said, expected.issuer)


def _payload(token: str, keys: KeySet, now: datetime) -> bytes:
    """What the token says, once its signature is that of a key of the provider."""
    if len(token) > LONGEST:
        raise IdTokenInvalid
    try:
        header = get_unverified_header(token)
    except (PyJWTError, UnicodeError):
        raise IdTokenInvalid from None
    if header.get("alg") not in ALGORITHMS:
        raise IdTokenAlgorithm
    key = keys.key(header.get("kid"), now)
    try:
        payload: bytes = PyJWS(algorithms=list(ALGORITHMS)).decode(token, key, algorithms=[key.algorithm_name])
    except InvalidAlgorithmError:
        raise IdTokenAlgorithm from None
    except (InvalidTokenError, UnicodeError):
        raise IdTokenSignature from None
    return payload


def _said(payload: bytes) -> dict[str, Any]:
    try:
        said = json.loads(payload)
    except (ValueError, RecursionError):
        raise IdTokenInvalid from None
    if not isinstance(said, dict):
        raise IdTokenInvalid
    return said


def _check_audience(said: Mapping[str, Any], expected: Expected) -> None:
    """Every audience must be a client of ours, and so must be whoever asked for the token."""
    given = said.get("aud")
    audiences = given if isinstance(given, list) else [given]
    if not audiences or not all(isinstance(each, str) and each in expected.audiences for each in audiences):
        raise IdTokenAudience
    party = said.get("azp")
    if (len(audiences) > 1 and party is None) or (
        party is not None and expected.parties is not None and _maybe_text(party) not in expected.parties
    ):
        raise IdTokenAudience


def _check_times(said: Mapping[str, Any], now: datetime) -> None:
    ends, made, begins = said.get("exp"), said.get("iat"), said.get("nbf", 0)
    if not all(_is_time(each) for each in (ends, made, begins)):
        raise IdTokenInvalid
    moment, leeway = now.timestamp(), LEEWAY.total_seconds()
    if moment >= said["exp"] + leeway or max(said["iat"], begins) > moment + leeway:
        raise IdTokenExpired


def _is_time(value: Any) -> bool:
    """Whether a value is a number of seconds; JSON as Python reads it knows numbers that are none, and endless ones."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and abs(value) <= LAST


def _identity(said: Mapping[str, Any], issuer: str) -> Identity:
    subject = said.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT or not subject.isprintable():
        raise IdTokenInvalid
    email, name = _text(said.get("email")), _text(said.get("name"))
    # some providers write the word
    is_verified = email is not None and said.get("email_verified") in (True, "true")
    until = datetime.fromtimestamp(said["exp"], UTC)
    return Identity(issuer=issuer, subject=subject, email=email, email_verified=is_verified, name=name, until=until)


def _maybe_text(value: Any) -> str | None:
    """A text, whatever it says; None for anything else."""
    return value if isinstance(value, str) else None


def _text(value: Any) -> str | None:
    """A text of a person's that can be kept; None for anything else."""
    usable = isinstance(value, str) and 0 < len(value) <= LONGEST_TEXT and value.isprintable()
    return value if usable else None


def _bytes(text: Any) -> bytes:
    return str(text).encode("utf-8", "replace")


def _named(keys: list[PyJWK], kid: str | None) -> PyJWK | None:
    if kid is None:
        return keys[0] if len(keys) == 1 else None
    return next((each for each in keys if each.key_id == kid), None)


def _keys(said: Mapping[str, Any]) -> list[PyJWK]:
    """The keys of a set that may sign id tokens: asymmetric, for signatures, and not too weak."""
    listed = said.get("keys")
    if not isinstance(listed, list) or len(listed) > MOST_KEYS:
        raise ProviderMisbehaved("no set of keys")
    found = []
    for each in listed:
        key = _key(each)
        if key is not None:
            found.append(key)
    return found


def _key(said: Any) -> PyJWK | None:
    if not isinstance(said, dict) or said.get("kty") not in ("RSA", "EC", "OKP") or said.get("use", "sig") != "sig":
        return None
    try:
        key = PyJWK({name: value for name, value in said.items() if name != "d"})
    except (PyJWKError, InvalidKeyError):
        return None
    strong = getattr(key.key, "key_size", RSA_BITS) >= RSA_BITS or said["kty"] != "RSA"
    return key if strong and key.algorithm_name in ALGORITHMS else None
