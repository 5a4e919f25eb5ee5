"""Somebody signs out: here, everywhere, or on one device of theirs."""

from __future__ import annotations

from panzoto.deps import Deps
from panzoto.errors import NotFound
from panzoto.models.store.transaction import transact

from ._audit import recording
from ._sessions import clear_ended, end_one
from .authenticate import Caller, require_recent
from .client import Client


def logout(deps: Deps, caller: Caller, client: Client) -> None:
    """End the caller's session.

    Commit point: one transaction that ends the refresh tokens and the access tokens. A crash after it leaves the
    session in the index, whose readers look at the lineage.
    """
    now = deps.clock()
    marking = deps.revoked_tokens.marking(caller.claims.jti, caller.claims.expires_at, now)
    recorded = recording(deps, caller.user.user_id, "signed_out", client, now, {"session": caller.session_id})
    if caller.session_id is None:
        transact(deps.gateway, marking, recorded)
    else:
        end_one(deps, caller.user, caller.session_id, caller.claims.auth_time, now, marking, recorded)


def logout_all(deps: Deps, caller: Caller, client: Client) -> None:
    """End every session of the caller, this one too. Commit point: the epoch, which ends all access tokens at once."""
    now = deps.clock()
    recorded = recording(deps, caller.user.user_id, "signed_out_everywhere", client, now)
    transact(deps.gateway, deps.users.raising_epoch(caller.user, now), recorded)
    clear_ended(deps, caller.user)


def end_session(deps: Deps, caller: Caller, session_id: str, client: Client) -> None:
    """End one session of the caller's, after a sign-in that is not long ago. Commit point as in `logout`."""
    now = deps.clock()
    require_recent(caller, now, deps.config.recent_sign_in)
    lineage = deps.lineages.find(session_id)
    if lineage is None or lineage.user_id != caller.user.user_id:
        raise NotFound("There is no such session.")
    recorded = recording(deps, caller.user.user_id, "session_ended", client, now, {"session": session_id})
    end_one(deps, caller.user, session_id, lineage.created_at, now, recorded)
