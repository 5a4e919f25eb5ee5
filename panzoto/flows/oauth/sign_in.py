"""Somebody signs in with what their app has got from a provider, or from the browser that it opened."""

from __future__ import annotations

from panzoto.deps import Deps
from panzoto.flows._sessions import SignedIn
from panzoto.flows.client import Client

from ._enter import enter
from ._proofs import Presented, prove
from ._steps import Steps, followed


def sign_in(deps: Deps, name: str, presented: Presented, device_id: str | None, client: Client) -> SignedIn:
    """Sign in. What is presented is spent first: a crash after that costs another one. Commit point as in `enter`."""
    now = deps.clock()
    provider = deps.providers[name]
    deps.rates.charge("oauth.address", client.network, now)
    with followed(Steps(deps, name, client, now), signing_in=True) as steps:
        proof = prove(deps, provider, presented, steps, now)
        return enter(deps, proof, device_id, client, steps, now)
