"""An app asks for a provider's access token: a live one, which of many callers at once one refreshes for all."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from panzoto.deps import Deps
from panzoto.errors import Conflict, ConnectionEnded, NotConnected, ProviderUnavailable, ScopeMissing, TokensKeptBack
from panzoto.flows.authenticate import Caller, require_recent
from panzoto.flows.client import Client
from panzoto.models.connections import Connection
from panzoto.models.oauth_tokens import LeaseHeld
from panzoto.providers.tokens import Tokens

from ._refreshing import lease_of, refreshed
from ._steps import Steps, followed
from ._tokens import opened

# The seconds between the looks of a caller who waits for what another refreshes; then it hears that it must try again.
PAUSES = (0.05, 0.1, 0.2, 0.3, *[0.4] * 18)
# That the tokens were used is noted once in so long.
NOTED_EVERY = timedelta(minutes=1)
# What is handed out works for at least so long, while somebody else refreshes it.
LEAST = timedelta(seconds=10)


@dataclass(frozen=True, kw_only=True)
class Live:
    """A provider's access token that works now."""

    access_token: str = field(repr=False)
    token_type: str
    expires_at: datetime
    scope: str | None


def access_token(deps: Deps, caller: Caller, name: str, scope: str | None, client: Client) -> Live:
    """A live token. Commit point: the conditional write of what a refresh gave; of many callers one has the lease.

    The others wait briefly for what it keeps. Whoever has the lease and dies is followed by another when it has run
    out: a provider that takes each refresh token once may have taken it, and then the connection ends with a reason.
    """
    provider, user_id = deps.providers[name], caller.user.user_id
    if not provider.settings.releases_tokens:
        raise TokensKeptBack
    if deps.config.oauth_access_token_recent is not None:
        require_recent(caller, deps.clock(), deps.config.oauth_access_token_recent)
    if name not in caller.user.identities:  # it was taken away with all that it brought: it may be a stranger's
        raise NotConnected
    for pause in PAUSES:
        now = deps.clock()
        found = _active(deps, user_id, name, scope)
        if _is_fresh(found, now, deps.config.oauth_refresh_margin):
            return _live(_used(deps, found, now), found)
        leased = _leased(deps, found, now)
        if leased is None:
            if _lives(found, now, LEAST):
                return _live(_used(deps, found, now), found)
            deps.wait(pause)
            continue
        with followed(Steps(deps, name, client, now)) as steps:
            steps.of(user_id)
            tokens = refreshed(deps, provider, leased, steps)
        if tokens is not None:
            return _live(tokens, found)
    raise ProviderUnavailable("somebody else refreshes")


def _active(deps: Deps, user_id: str, name: str, scope: str | None) -> Connection:
    """The connection, if it works and was granted what is asked for."""
    found = deps.oauth_tokens.find(user_id, name)
    if found is None:
        raise NotConnected
    if not found.active:
        raise ConnectionEnded
    if not set((scope or "").split()) <= set((found.scope or "").split()):
        raise ScopeMissing
    return found


def _leased(deps: Deps, found: Connection, now: datetime) -> Connection | None:
    """The connection with a lease of ours; None while somebody else has it, which a look tells without a write."""
    if found.leased_until is not None and found.leased_until > now:
        return None
    try:
        return deps.oauth_tokens.lease(found, now, now + lease_of(deps))
    except LeaseHeld:
        return None


def _is_fresh(found: Connection, now: datetime, margin: timedelta) -> bool:
    """Whether the token needs no refresh: it has its margin, or came less than that ago, as short-lived ones do."""
    is_young = found.updated_at is not None and now - found.updated_at < margin
    return _lives(found, now, LEAST if is_young else margin)


def _lives(found: Connection, now: datetime, margin: timedelta) -> bool:
    return found.expires_at is not None and found.expires_at > now + margin


def _used(deps: Deps, found: Connection, now: datetime) -> Tokens:
    """The tokens in clear; that they were used is noted, not often."""
    tokens = opened(deps, found.sealed, found.user_id, found.provider)
    if found.last_used is None or now - found.last_used >= NOTED_EVERY:
        try:
            deps.oauth_tokens.touch(found, now)
        except Conflict:  # somebody has changed the connection meanwhile, and noted more
            return tokens
    return tokens


def _live(tokens: Tokens, found: Connection) -> Live:
    return Live(
        access_token=tokens.access_token,
        token_type=tokens.token_type,
        expires_at=tokens.expires_at,
        scope=tokens.scope or found.scope,
    )
