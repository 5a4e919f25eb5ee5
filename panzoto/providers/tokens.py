"""The tokens that a provider gives, as its answer says them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from panzoto.errors import ProviderMisbehaved

# What providers call an hour, where they do not say how long a token works.
UNSAID, LONGEST_LIFE = timedelta(hours=1), timedelta(days=366)
LONGEST_TOKEN = 32 * 1024


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """What a provider gave for a code or for a refresh token. None of it is ever shown."""

    access_token: str = field(repr=False)
    expires_at: datetime
    token_type: str = "Bearer"
    refresh_token: str | None = field(default=None, repr=False)
    id_token: str | None = field(default=None, repr=False)
    scope: str | None = None


def tokens_of(said: Mapping[str, Any], now: datetime) -> Tokens:
    """The tokens that an answer holds; an answer without them is none."""
    texts = {name: said.get(name) for name in ("access_token", "refresh_token", "id_token", "scope", "token_type")}
    if any(not isinstance(each, str | None) or len(each or "") > LONGEST_TOKEN for each in texts.values()):
        raise ProviderMisbehaved("tokens that are none")
    if not texts["access_token"] or (texts["token_type"] or "bearer").lower() != "bearer":
        raise ProviderMisbehaved("no access token that can be used")
    return Tokens(
        access_token=texts["access_token"],
        expires_at=now + _life(said.get("expires_in")),
        refresh_token=texts["refresh_token"] or None,
        id_token=texts["id_token"] or None,
        scope=texts["scope"] or None,
    )


def _life(given: Any) -> timedelta:
    """How long an access token works. Some write the number as text."""
    try:
        return min(max(timedelta(seconds=int(given)), timedelta()), LONGEST_LIFE)
    except (TypeError, ValueError, OverflowError):
        return UNSAID
