"""The keys that a provider publishes, those of them that may sign id tokens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from jwt import PyJWK, PyJWKError
from jwt.exceptions import InvalidKeyError

from panzoto.errors import IdTokenKey, ProviderMisbehaved

from .metadata import Cached

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
MOST_KEYS = 50
RSA_BITS = 2048
# A key that is not known is looked for this often at most, whoever invents names.
PATIENCE = timedelta(seconds=60)


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
