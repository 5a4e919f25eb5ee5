"""What an access token says, and how that is read from its payload."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from panzoto.errors import TokenInvalid

# A token may have been signed by a clock that is a little before ours.
LEEWAY = timedelta(seconds=5)


@dataclass(frozen=True)
class SignIn:
    """Who signed in, in which session and epoch, by which means (RFC 8176), when, and as what."""

    user_id: str
    sid: str | None
    ep: int | None
    amr: tuple[str, ...]
    auth_time: datetime
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AccessClaims(SignIn):
    """What an access token says. One of the old backend has no session and no epoch, and `amr` says `legacy`."""

    jti: str
    issued_at: datetime
    expires_at: datetime


class Verified(NamedTuple):
    """A token's claims, and between which times they hold. Only the signature and the shape have been checked."""

    claims: AccessClaims
    begins: datetime
    ends: datetime


def said_by(payload: bytes, kinds: Mapping[str, type]) -> dict[str, Any]:
    """A payload that says each of these, in its kind; any other is `TokenInvalid`. A list is of text."""
    try:
        said = json.loads(payload)
    except (ValueError, RecursionError):
        raise TokenInvalid from None
    if not isinstance(said, dict) or any(type(said.get(name)) is not kind for name, kind in kinds.items()):
        raise TokenInvalid
    if any(not isinstance(each, str) for name, kind in kinds.items() if kind is list for each in said[name]):
        raise TokenInvalid
    return said


def time_of(seconds: int) -> datetime:
    """The time that a payload gives in seconds; `TokenInvalid` when there is no such time."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise TokenInvalid from None
