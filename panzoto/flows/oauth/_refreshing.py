"""New tokens for old ones, by the one who has the lease: nothing newer is overwritten, nothing is lost on the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from panzoto.crypto.vault import Sealer
from panzoto.deps import Deps
from panzoto.errors import (
    Conflict,
    ConnectionEnded,
    GrantRefused,
    KeyRejected,
    KeysUnavailable,
    OAuthFault,
    ProviderUnavailable,
)
from panzoto.models.connections import Connection
from panzoto.models.oauth_tokens import LeaseHeld
from panzoto.providers.provider import Provider
from panzoto.providers.tokens import Tokens

from ._revoking import revoke_tokens
from ._steps import Steps
from ._tokens import opened, sealed_by

# What a lease has of time besides the provider's answers: for KMS and for DynamoDB.
OURS = timedelta(seconds=5)
# A provider that did not answer is left alone for so long.
REST = timedelta(seconds=2)


def lease_of(deps: Deps) -> timedelta:
    """How long one may refresh: discovery and tokens, each in its time, and ours."""
    return 3 * deps.config.oauth_timeout + OURS


def refreshed(deps: Deps, provider: Provider, leased: Connection, steps: Steps) -> Tokens | None:
    """The new tokens; None when somebody else has changed the connection meanwhile: look again.

    The data key is there before the provider is asked: what a provider gives once must find its place. A provider that
    does not answer costs nothing while the tokens that there are still work.
    """
    try:
        return _renewed(deps, provider, leased, steps)
    except KeysUnavailable:
        _rest(deps, leased)
        raise


def _renewed(deps: Deps, provider: Provider, leased: Connection, steps: Steps) -> Tokens | None:
    now = deps.clock()
    old = _readable(deps, leased, now)
    if old is None:
        return None
    if old.refresh_token is None:
        return _without(deps, leased, old, now)
    try:
        new, sealer = _asked(deps, provider, leased, old.refresh_token)
    except GrantRefused:
        if not _ended(deps, leased, "invalid_grant", now):
            return None
        raise ConnectionEnded("invalid_grant") from None
    except OAuthFault as fault:
        _rest(deps, leased)
        if _lives(leased, deps.clock()):
            steps.add("failed", "provider_unavailable", reason=getattr(fault, "reason", None))
            return old
        raise
    return _kept(deps, provider, leased, new, sealer, steps)


def _readable(deps: Deps, leased: Connection, now: datetime) -> Tokens | None:
    """The tokens that there are; a connection whose tokens do not open is ended."""
    try:
        return opened(deps, leased.sealed, leased.user_id, leased.provider)
    except KeyRejected:
        if not _ended(deps, leased, "unreadable", now):
            return None
        raise ConnectionEnded("unreadable") from None


def _without(deps: Deps, leased: Connection, old: Tokens, now: datetime) -> Tokens | None:
    """What becomes of tokens that nothing can renew: they work until they do not."""
    if _lives(leased, now):
        _rest(deps, leased)
        return old
    if not _ended(deps, leased, "expired", now):
        return None
    raise ConnectionEnded("expired")


def _lives(leased: Connection, now: datetime) -> bool:
    """Whether the access token that there is still works."""
    return leased.expires_at is not None and leased.expires_at > now


def _asked(deps: Deps, provider: Provider, leased: Connection, refresh_token: str) -> tuple[Tokens, Sealer]:
    """What the provider gives, and what seals it. It is asked only while the lease leaves time for its answer."""
    provider.prepare(deps.clock())
    sealer = deps.vault.sealer(leased.user_id, leased.provider)
    now = deps.clock()
    if leased.leased_until is None or now + deps.config.oauth_timeout > leased.leased_until:
        raise ProviderUnavailable("no time left")
    return provider.refresh(now, refresh_token), sealer


def _kept(
    deps: Deps, provider: Provider, leased: Connection, new: Tokens, sealer: Sealer, steps: Steps
) -> Tokens | None:
    """Keep the new tokens. Where the owner has ended the connection meanwhile, they are ended too."""
    now = deps.clock()
    fresh = replace(
        leased,
        tokens=sealed_by(sealer, new),
        scope=new.scope or leased.scope,
        expires_at=new.expires_at,
        version=leased.version + 1,
    )
    try:
        deps.oauth_tokens.keep(leased, fresh, now)
    except Conflict:
        latest = deps.oauth_tokens.find(leased.user_id, leased.provider)
        if latest is None or not latest.active:
            revoke_tokens(provider, new, now)
            steps.add("revoked", told=True)
        return None
    steps.add("refreshed", rotated=new.refresh_token is not None)
    return new


def _ended(deps: Deps, leased: Connection, reason: str, now: datetime) -> bool:
    """Whether the connection was ended; not if somebody else has changed it, or refreshes it by now."""
    try:
        deps.oauth_tokens.end(leased, reason, now)
    except LeaseHeld:
        return False
    return True


def _rest(deps: Deps, leased: Connection) -> None:
    """Let the next try wait a moment; whoever has changed the connection meanwhile has not waited for us."""
    try:
        deps.oauth_tokens.rest(leased, deps.clock() + REST)
    except LeaseHeld:
        return
