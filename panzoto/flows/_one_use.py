"""Links that work once, sent by mail."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from panzoto.crypto.purposes import Purpose
from panzoto.deps import Deps
from panzoto.models.one_use_tokens import OneUseToken
from panzoto.models.user import User

from .client import Client


def issue(
    deps: Deps,
    purpose: Purpose,
    user: User,
    email: str,
    lifetime: timedelta,
    client: Client,
    now: datetime,
    details: dict[str, Any] | None = None,
) -> str:
    """The text of a new token, which is kept as a digest."""
    text, token = new(deps, purpose, user, email, lifetime, client, now, details)
    deps.one_use_tokens.issue(token)
    return text


def new(
    deps: Deps,
    purpose: Purpose,
    user: User,
    email: str,
    lifetime: timedelta,
    client: Client,
    now: datetime,
    details: dict[str, Any] | None = None,
) -> tuple[str, OneUseToken]:
    """A new token, which nobody has kept yet, and its text."""
    issued = deps.purposes.issue(purpose)
    token = OneUseToken(
        token_id=issued.token_id,
        purpose=purpose,
        digest=issued.secret_digest,
        user_id=user.user_id,
        email=email,
        epoch=user.epoch,
        created_at=now,
        expires_at=now + lifetime,
        address=client.address,
        user_agent=client.user_agent,
        details=details or {},
    )
    return issued.text, token


def look_at(deps: Deps, purpose: Purpose, text: str, now: datetime) -> OneUseToken:
    """The token that a text names, if it would work now; nothing is spent."""
    opened = deps.purposes.open(purpose, text)
    token = deps.one_use_tokens.look_at(purpose, opened.token_id, now)
    deps.purposes.check(opened, token.digest)
    return token
