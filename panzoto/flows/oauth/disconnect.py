"""Somebody ends what this service may do for them at a provider; the sweep finishes what the provider held up."""

from __future__ import annotations

from panzoto.deps import Deps
from panzoto.errors import NotConnected, SessionEnded
from panzoto.flows._audit import recording
from panzoto.flows._reauthenticate import reauthenticate
from panzoto.flows.authenticate import Caller
from panzoto.flows.client import SWEEP, Client
from panzoto.models.connections import Connection
from panzoto.models.store.transaction import transact
from panzoto.models.user_conditions import epoch_is

from ._revoking import revoke
from ._steps import Steps, followed


def disconnect(deps: Deps, caller: Caller, name: str, password: str | None, client: Client) -> bool:
    """Take the tokens out of the vault and end the grant at the provider; whether that was done at once.

    Commit point: one transaction of the connection, after which no tokens are given out, and the event, while the
    sessions are those that the caller's is one of. A crash after it, or a provider that is down, leaves the sealed
    tokens waiting for the sweep. The identity still signs in.
    """
    now, user = deps.clock(), caller.user
    reauthenticate(deps, caller, password, client, now)
    with followed(Steps(deps, name, client, now)) as steps:
        steps.of(user.user_id)
        found = deps.oauth_tokens.find(user.user_id, name)
        if found is None:
            raise NotConnected
        same = deps.users.checking({"user_id": user.user_id}, when=epoch_is(user), otherwise=SessionEnded)
        recorded = recording(deps, user.user_id, "provider_disconnected", client, now, {"provider": name})
        transact(deps.gateway, same, deps.oauth_tokens.ending(found, "disconnected", now), recorded)
        steps.add("disconnected")
        steps.keep()
        return revoke(deps, deps.oauth_tokens.find(user.user_id, name) or found, steps, now)


def retry(deps: Deps, connection: Connection) -> bool:
    """End a grant that could not be ended before; False where that has to be tried again."""
    now = deps.clock()
    with followed(Steps(deps, connection.provider, SWEEP, now)) as steps:
        steps.of(connection.user_id)
        return revoke(deps, connection, steps, now)
