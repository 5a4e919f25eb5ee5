"""Id tokens: signed by a key that the provider publishes, for us, now, and for this very sign-in.

A token's header chooses nothing but one of those keys by its name: `jku`, `jwk`, `x5u` and `x5c` are not looked at, and
the algorithm is the key's own, of a fixed list of asymmetric ones.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from jwt import InvalidAlgorithmError, InvalidTokenError, PyJWS, get_unverified_header
from jwt.exceptions import PyJWTError

from panzoto.errors import (
    IdTokenAlgorithm,
    IdTokenAudience,
    IdTokenExpired,
    IdTokenInvalid,
    IdTokenIssuer,
    IdTokenNonce,
    IdTokenSignature,
)
from providers import GOOGLE_ISSUER

from .key_sets import ALGORITHMS, KeySet

LONGEST, LONGEST_SUBJECT, LONGEST_TEXT = 16 * 1024, 255, 320
LEEWAY = timedelta(seconds=60)
# Seconds since 1970 that a time can still be made of: in the year 9999.
LAST = 253_000_000_000
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
