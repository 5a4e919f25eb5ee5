"""The end of a grant at its provider (RFC 7009): asked for once the tokens are out of use, and again by the sweep."""

from __future__ import annotations

from datetime import datetime, timedelta

from panzoto.deps import Deps
from panzoto.errors import Conflict, KeyRejected, KeysUnavailable, OAuthFault, ProviderUnavailable
from panzoto.flows.client import SWEEP
from panzoto.models.connections import Connection
from panzoto.models.user import User
from panzoto.providers.provider import Provider
from panzoto.providers.tokens import Tokens

from ._steps import Steps
from ._tokens import opened

# So long the end of a grant is asked for; a provider that is gone for longer is told no more.
PATIENCE = timedelta(days=7)


def revoke(deps: Deps, connection: Connection, steps: Steps, now: datetime) -> bool:
    """End the grant whose tokens wait for it, and erase them; False where that has to be tried again.

    A provider that has no such endpoint, or is configured no more, is told nothing.
    """
    waiting, name = connection.revocation, connection.provider
    if waiting is None:
        return True
    try:
        if name in deps.providers:
            tokens = opened(deps, waiting.tokens, connection.user_id, name)
            steps.add("revoked", told=revoke_tokens(deps.providers[name], tokens, now))
        else:
            steps.add("revoked", told=False)
    except (OAuthFault, KeysUnavailable) as fault:
        steps.add("failed", "revocation_failed", reason=getattr(fault, "reason", type(fault).__name__))
        if now - waiting.since < PATIENCE:
            return False
    except KeyRejected:
        steps.add("failed", "revocation_impossible")
    try:
        deps.oauth_tokens.erase(connection)
    except Conflict:  # they have connected again: that is the newer grant's item
        steps.add("reconnected")
    return True


def revoke_tokens(provider: Provider, tokens: Tokens, now: datetime) -> bool:
    """End a grant by its refresh token, or by the access token where there is no other."""
    if tokens.refresh_token is not None:
        return provider.revoke(now, tokens.refresh_token, "refresh_token")
    return provider.revoke(now, tokens.access_token, "access_token")


def end_all(deps: Deps, user: User, now: datetime) -> None:
    """End every grant and every claim of somebody who is being deleted; every step may be done again.

    A provider that is down holds up the end of the deletion, which the sweep finishes, for no longer than a week.
    """
    waits = False
    for found in deps.oauth_tokens.connections(user.user_id):
        ended = deps.oauth_tokens.disconnect(found, "deleted", now) if found.tokens else found
        steps = Steps(deps, found.provider, SWEEP, now)  # its steps are not kept: they would outlive the person
        waits |= not revoke(deps, ended, steps, now)
        if found.issuer and found.subject:
            deps.identities.release(found.issuer, found.subject, user.user_id)
    if waits and (user.deleting_at is None or now - user.deleting_at < PATIENCE):
        raise ProviderUnavailable("a grant could not be ended")
    deps.oauth_tokens.forget(user.user_id)
