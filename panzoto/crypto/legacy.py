"""The old backend's access tokens, honoured until a date: HS256 with `SECRET_KEY`, thirty days, no session."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256

from jwt import InvalidTokenError, PyJWS

from panzoto.crypto.claims import LEEWAY, AccessClaims, Verified, said_by, time_of
from panzoto.crypto.text import to_base64url
from panzoto.errors import TokenInvalid

HEADER = {"alg": "HS256", "typ": "JWT"}
KINDS: dict[str, type] = {"user_id": str, "exp": int, "iat": int}
LIFETIME = timedelta(days=30)
METHOD = "legacy"


class LegacyTokens:
    """Verifies what the old backend minted. All of its header and payload is known, so nothing else passes for it."""

    def __init__(self, secret: str, until: datetime) -> None:
        self._secret, self._until = secret.encode(), until
        self._jws = PyJWS(algorithms=["HS256"])

    def verify(self, token: str) -> Verified:
        """The claims of an old token, without session or epoch; `TokenInvalid` for any other text."""
        try:
            signed = self._jws.decode_complete(token, self._secret, algorithms=["HS256"])
        except (InvalidTokenError, UnicodeEncodeError):
            raise TokenInvalid from None
        said = said_by(signed["payload"], KINDS)
        issued_at, expires_at = time_of(said["iat"]), time_of(said["exp"])
        if signed["header"] != HEADER or said.keys() != KINDS.keys() or expires_at - issued_at > LIFETIME:
            raise TokenInvalid
        claims = AccessClaims(
            user_id=said["user_id"],
            sid=None,
            ep=None,
            amr=(METHOD,),
            auth_time=issued_at,
            # the old backend gave none; this one is the token's own, so that it can be revoked by it
            jti="legacy_" + to_base64url(sha256(signed["payload"]).digest()[:16]),
            issued_at=issued_at,
            expires_at=expires_at,
        )
        return Verified(claims, issued_at - LEEWAY, min(expires_at, self._until))
