"""Tokens as the tests mint and forge them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from jwt import PyJWS

from panzoto.crypto.access import AccessTokens
from panzoto.crypto.claims import SignIn
from panzoto.crypto.legacy import LegacyTokens
from panzoto.crypto.ring import generate
from panzoto.crypto.signing import SigningKeys
from panzoto.crypto.text import to_base64url

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LIFETIME = timedelta(minutes=15)
SECRET, OLDER, OLD_BACKEND = "s" * 20 + "1" * 20, "o" * 20 + "2" * 20, "l" * 20 + "3" * 20
KEYS = {
    "HS256": SigningKeys.of_secrets(SECRET),
    "EdDSA": SigningKeys.of_ring(generate("EdDSA", NOW)),
    "ES256": SigningKeys.of_ring(generate("ES256", NOW)),
}
ALGORITHMS = sorted(KEYS)
WHO = SignIn("user-1", "ses_1", 3, ("pwd",), NOW - timedelta(hours=1), ("admin",))
UNTIL = NOW + timedelta(days=10)


def access(keys: SigningKeys, *, legacy: bool = False, **changes: Any) -> AccessTokens:
    """Access tokens of these keys, as a deployment has them."""
    settings: dict[str, Any] = {"issuer": "https://api.example", "audience": "panzoto", "lifetime": LIFETIME}
    old = LegacyTokens(OLD_BACKEND, UNTIL) if legacy else None
    return AccessTokens(keys, **settings | {"legacy": old} | changes)


def payload(token: str) -> dict[str, Any]:
    """What a token says."""
    said: dict[str, Any] = json.loads(PyJWS().decode(token, options={"verify_signature": False}))
    return said


def signed(keys: SigningKeys, said: Any) -> str:
    """A payload under a signature of ours and our header, however wrong the payload."""
    return keys.sign(said if isinstance(said, bytes) else json.dumps(said).encode(), NOW)


def forged(header: dict[str, Any], said: Any, signature: bytes = b"") -> str:
    """A token as an attacker writes it."""
    parts = (json.dumps(part, separators=(",", ":")).encode() for part in (header, said))
    return ".".join([*(to_base64url(part) for part in parts), to_base64url(signature)])
