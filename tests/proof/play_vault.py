"""The vault: one refresh for all who ask, nothing overwritten, and nothing that lives after its owner ended it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from panzoto.errors import ConnectionEnded, ProviderUnavailable
from panzoto.flows.authenticate import authenticate
from panzoto.flows.oauth._tokens import opened, sealed
from panzoto.flows.oauth.access_token import access_token
from panzoto.flows.oauth.disconnect import disconnect
from panzoto.models.connections import Connection
from panzoto.models.store.transaction import transact
from panzoto.providers.tokens import Tokens
from tests.accounts.conftest import new_email
from tests.oauth.conftest import at
from tests.oauth.hostile import Hostile, hostile
from tests.proof.play import Begin, Play, refused
from tests.proof.stage import Act, Outcome
from tests.proof.standing import Standing
from tests.support.phones import HERE, person, signed_in

OLD = "an-old-access-token"


@contextmanager
def provided() -> Iterator[tuple[dict[str, Any], dict[str, Begin]]]:
    """What the service is configured with beside a provider, and what is played there, until the block ends."""
    with hostile() as told:
        yield {"oauth_providers": (at(told.issuer),)}, {"vault": partial(vault, told)}


def vault(told: Hostile, on: Standing) -> Play:
    """Two apps ask for an access token that has expired, while its owner disconnects."""
    deps = on.deps
    begun = signed_in(deps, person(deps, new_email(), identities=frozenset({"acme"})))
    caller = authenticate(deps, begun.access_token)
    user_id = caller.user.user_id
    connect(deps, user_id, expires=on.service.clock() - timedelta(hours=1))
    told.asked.clear()
    asks: Act = partial(access_token, deps, caller, "acme", None, HERE)
    ends: Act = partial(disconnect, deps, caller, "acme", None, HERE)

    def check(outcomes: list[Outcome]) -> None:
        *asked, ended = outcomes
        given = {each.value.access_token for each in asked if each.done}
        assert OLD not in given, "a token that has expired was given out"
        assert told.count("/token") <= 1, "the provider was asked twice"
        assert len(given) <= 1, "two callers have two tokens"
        allowed = ConnectionEnded, *((ProviderUnavailable,) if any(each.crashed for each in asked) else ())
        assert all(isinstance(each.refusal, allowed) for each in asked if each.refusal), "somebody was locked out"
        found = deps.oauth_tokens.find(user_id, "acme")
        assert not (ended.done and found.active), "a disconnection that was answered is lost"
        if found.active:
            on.service.clock.pass_by(minutes=2)
            assert asks().access_token == opened(deps, found_now(deps, user_id), user_id, "acme").access_token
            ends()
        assert refused(asks), "a token is given out after its end"
        assert deps.oauth_tokens.find(user_id, "acme").tokens is None, "tokens stay in the vault after their end"

    return Play([asks, asks, ends], check)


def found_now(deps: Any, user_id: str) -> Any:
    """What the vault has of somebody."""
    return deps.oauth_tokens.find(user_id, "acme").sealed


def connect(deps: Any, user_id: str, expires: datetime) -> None:
    """Tokens in the vault, of which the access token expires then."""
    tokens = Tokens(access_token=OLD, refresh_token="a-refresh-token", expires_at=expires)
    kept = Connection(
        user_id=user_id,
        provider="acme",
        issuer=deps.config.oauth_providers[0].issuer,
        user_info={"sub": user_id},
        tokens=sealed(deps, tokens, user_id, "acme"),
        expires_at=expires,
        active=True,
        version=1,
    )
    transact(deps.gateway, deps.oauth_tokens.keeping(None, kept, expires))
