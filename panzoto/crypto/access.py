"""Access tokens: short-lived JWTs that say who signed in, how and when.

The header is `{"alg", "kid", "typ": "at+jwt"}` (no `kid` for HS256). The payload: `iss`, `aud`, `sub` and, for clients
of the old backend, the same as `user_id`; `sid`, `jti`, `iat`, `nbf`, `exp`, `auth_time` in seconds; `amr`, `roles`;
and `ep`, the user's session epoch: a token of an earlier epoch was signed out everywhere.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from functools import lru_cache

from panzoto.crypto.claims import LEEWAY, AccessClaims, SignIn, Verified, said_by, time_of
from panzoto.crypto.legacy import LegacyTokens
from panzoto.crypto.signing import SigningKeys
from panzoto.crypto.text import new_id
from panzoto.errors import TokenExpired, TokenInvalid

LONGEST = 4096
CACHED = 4096
KINDS: dict[str, type] = {
    **dict.fromkeys(("iss", "aud", "sub", "user_id", "sid", "jti"), str),
    **dict.fromkeys(("iat", "nbf", "exp", "auth_time", "ep"), int),
    **dict.fromkeys(("amr", "roles"), list),
}


class AccessTokens:
    """Mints access tokens and reads them: ours, and for a while those of the old backend."""

    def __init__(
        self,
        keys: SigningKeys,
        *,
        issuer: str,
        audience: str,
        lifetime: timedelta,
        legacy: LegacyTokens | None = None,
    ) -> None:
        self.lifetime = lifetime
        self._keys, self._issuer, self._audience, self._legacy = keys, issuer, audience, legacy
        # what failed is not kept, so nobody can push out the tokens of those who are signed in
        self._verified = lru_cache(CACHED)(self._verify)

    def mint(self, who: SignIn, now: datetime, until: datetime | None = None) -> str:
        """A new token, with a name of its own, that works from `now` for the configured lifetime, or `until` then."""
        if who.sid is None or who.ep is None:
            raise ValueError("a token is of a session and an epoch")
        at = int(now.timestamp())
        said = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": who.user_id,
            "user_id": who.user_id,
            "sid": who.sid,
            "ep": who.ep,
            "jti": new_id(),
            "iat": at,
            "nbf": at,
            "exp": int(min(now + self.lifetime, until or now + self.lifetime).timestamp()),
            "auth_time": int(who.auth_time.timestamp()),
            "amr": list(who.amr),
            "roles": list(who.roles),
        }
        return self._keys.sign(json.dumps(said, separators=(",", ":")).encode(), now)

    def read(self, token: str, now: datetime) -> AccessClaims:
        """What a valid token says; `TokenExpired` when its time is over, `TokenInvalid` for anything else."""
        if len(token) > LONGEST:
            raise TokenInvalid
        verified = self._verified(token)
        if now >= verified.ends:
            raise TokenExpired
        if now < verified.begins:
            raise TokenInvalid
        return verified.claims

    def _verify(self, token: str) -> Verified:
        if self._legacy and not self._keys.made(token):
            return self._legacy.verify(token)
        payload, gone_at = self._keys.verify(token)
        said = said_by(payload, KINDS)
        ours = said["iss"] == self._issuer and said["aud"] == self._audience and said["sub"] == said["user_id"]
        if not ours:
            raise TokenInvalid
        claims = AccessClaims(
            user_id=said["sub"],
            sid=said["sid"],
            ep=said["ep"],
            amr=tuple(said["amr"]),
            auth_time=time_of(said["auth_time"]),
            roles=tuple(said["roles"]),
            jti=said["jti"],
            issued_at=time_of(said["iat"]),
            expires_at=time_of(said["exp"]),
        )
        begins = max(claims.issued_at, time_of(said["nbf"])) - LEEWAY
        return Verified(claims, begins, min(claims.expires_at, gone_at or claims.expires_at))
