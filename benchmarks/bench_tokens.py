"""The check of an access token: one that was seen before, one that is new, and PyJWT's own decode of the same token.

The goals are 3 µs for a token that was seen before, and 1.5 times `jwt.decode` for a new one. `jwt.decode` is asked
for the same claims: signature, times, issuer, audience. Each new token is one of 5,000 that take turns, more than are
remembered.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import cycle

import jwt

from benchmarks.measuring import Measured, compare
from panzoto.crypto.access import CACHED, AccessTokens
from panzoto.crypto.claims import SignIn
from panzoto.crypto.signing import SigningKeys
from tests.support.configs import JWT_SECRET

VERSIONS_OF = ("PyJWT",)
ISSUER, AUDIENCE = "panzoto", "panzoto-app"
MANY = CACHED + 904


def run() -> list[Measured]:
    """The first is PyJWT's."""
    now = datetime.now(UTC)
    tokens = AccessTokens(
        SigningKeys.of_secrets(JWT_SECRET), issuer=ISSUER, audience=AUDIENCE, lifetime=timedelta(hours=10)
    )
    who = SignIn(user_id="u" * 26, sid="ses_" + "s" * 22, ep=0, amr=("pwd",), auth_time=now, roles=())
    made = [tokens.mint(who, now) for _ in range(MANY)]
    new, seen = cycle(made), made[0]
    return compare(
        {
            "jwt.decode": lambda: jwt.decode(seen, JWT_SECRET, ["HS256"], issuer=ISSUER, audience=AUDIENCE),
            "ours, a new token": lambda: tokens.read(next(new), now),
            "ours, a token that was seen before": lambda: tokens.read(seen, now),
        }
    )
