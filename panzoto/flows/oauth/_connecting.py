"""What a proof makes of a connection: new tokens, sealed, and what is known of the identity."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from panzoto.crypto.vault import Sealed
from panzoto.deps import Deps
from panzoto.errors import KeyRejected
from panzoto.models.connections import Connection, Revocation
from panzoto.models.store.transaction import Member
from panzoto.providers.id_tokens import Identity
from panzoto.providers.tokens import Tokens

from ._proofs import Proof
from ._tokens import opened, sealed


def connected(deps: Deps, user_id: str, proof: Proof, old: Connection | None, now: datetime) -> Connection | None:
    """The connection that a sign-in or a link makes or changes; None where it leaves things as they are.

    A provider may give a refresh token at the first consent alone: the one that is there is kept then, unless somebody
    is just about to replace it.
    """
    tokens, same = proof.tokens, old is not None and old.subject == proof.identity.subject
    if old is not None and same and tokens is None:
        return None
    if tokens is not None and tokens.refresh_token is None and old is not None and same and old.tokens is not None:
        if old.leased_until is not None and old.leased_until > now:
            return None
        tokens = _with_refresh_token(deps, tokens, old, old.tokens)
    name = proof.provider.name
    return Connection(
        user_id=user_id,
        provider=name,
        issuer=proof.identity.issuer,
        email=proof.identity.email,
        user_info=user_info(proof.identity),
        tokens=sealed(deps, tokens, user_id, name) if tokens else None,
        scope=tokens.scope or " ".join(proof.provider.settings.scopes) if tokens else None,
        expires_at=tokens.expires_at if tokens else None,
        active=tokens is not None,
        version=old.version + 1 if old else 1,
        # another identity's grant still has to be ended; of the same one there is a new grant, which must not be
        revocation=_left_by(old, now) if old is not None and not same else None,
    )


def is_anothers(old: Connection | None, identity: Identity) -> bool:
    """Whether a connection is known to be another identity's. An account has one identity of a provider."""
    return old is not None and old.subject is not None and old.subject != identity.subject


def releasing(deps: Deps, old: Connection | None, identity: Identity) -> list[Member]:
    """The end of the claim of the identity that the account had before this one.

    It is left where the identity was taken away when the email was proved: its owner would come in again, now that the
    account has an identity of that provider.
    """
    if old is None or not old.issuer or not old.subject or not is_anothers(old, identity):
        return []
    claim = deps.identities.find(old.issuer, old.subject)
    if claim is None or claim["user_id"] != old.user_id:
        return []
    return [deps.identities.releasing(old.issuer, old.subject, old.user_id)]


def _left_by(old: Connection, now: datetime) -> Revocation | None:
    """What has to be ended of another identity's connection."""
    return Revocation(tokens=old.tokens, since=now) if old.tokens is not None else old.revocation


def user_info(identity: Identity) -> dict[str, Any]:
    """What is kept of somebody at a provider."""
    return {
        "sub": identity.subject,
        "email": identity.email,
        "email_verified": identity.email_verified,
        "name": identity.name,
    }


def _with_refresh_token(deps: Deps, tokens: Tokens, old: Connection, sealed_before: Sealed) -> Tokens:
    """The new tokens with the refresh token that is there; what does not open is no loss."""
    try:
        kept = opened(deps, sealed_before, old.user_id, old.provider)
    except KeyRejected:
        return tokens
    return Tokens(
        access_token=tokens.access_token,
        expires_at=tokens.expires_at,
        refresh_token=kept.refresh_token,
        scope=tokens.scope,
    )
