"""A provider's tokens as the vault keeps them: sealed for one person and one provider."""

from __future__ import annotations

from typing import Any

import orjson

from panzoto.crypto.vault import Sealed, Sealer
from panzoto.deps import Deps
from panzoto.models.times import from_seconds, seconds
from panzoto.providers.tokens import Tokens


def sealed(deps: Deps, tokens: Tokens, user_id: str, provider: str) -> Sealed:
    """The tokens, sealed."""
    return sealed_by(deps.vault.sealer(user_id, provider), tokens)


def sealed_by(sealer: Sealer, tokens: Tokens) -> Sealed:
    """The same. An id token is not kept: it has said what it had to say."""
    clear = {
        "access_token": tokens.access_token,
        "refresh_token": tokens.refresh_token,
        "expires_at": seconds(tokens.expires_at),
        "scope": tokens.scope,
    }
    return sealer.seal(orjson.dumps(clear))


def opened(deps: Deps, kept: Sealed, user_id: str, provider: str) -> Tokens:
    """The tokens in clear; `KeyRejected` when they are another's."""
    said: dict[str, Any] = orjson.loads(deps.vault.open(kept, user_id, provider))
    return Tokens(
        access_token=said["access_token"],
        refresh_token=said["refresh_token"],
        expires_at=from_seconds(said["expires_at"]),
        scope=said["scope"],
    )
