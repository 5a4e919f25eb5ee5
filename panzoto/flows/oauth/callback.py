"""Somebody comes back from a provider in the browser that left."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from panzoto.crypto.text import new_id
from panzoto.deps import Deps
from panzoto.errors import OAuthDenied, OAuthFault, ProviderRefused, ProviderUnavailable, StateUnknown
from panzoto.flows._sessions import SignedIn
from panzoto.flows.client import Client
from panzoto.models.auth_state.oauth_states import Departure, Handoff
from panzoto.providers.provider import BUSY

from ._browser import bound, digest
from ._enter import enter
from ._proofs import Proof, handoff_digest, holder, redeemed
from ._steps import Steps, followed
from ._tokens import sealed
from .authorize import redirect_uri

STATE = re.compile(r"st_[A-Za-z0-9]{22}", re.ASCII)
ERROR = re.compile(r"[a-z_]{1,64}", re.ASCII)
# What the app has of time to fetch what the browser was handed.
HANDOFF_LIFETIME = timedelta(minutes=2)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the provider has put into the address that it sends people back to."""

    state: str
    code: str | None = field(default=None, repr=False)
    error: str | None = None
    issuer: str | None = None


def came_back(deps: Deps, name: str, answer: Answer, browser: str, client: Client) -> Departure:
    """The departure that this return belongs to. Commit point: spending it; each works once, in its own browser."""
    now = deps.clock()
    deps.providers[name]  # a name that is none ends here
    deps.rates.charge("oauth.address", client.network, now)
    with followed(Steps(deps, name, client, now), signing_in=True) as steps:
        if not STATE.fullmatch(answer.state):
            raise StateUnknown
        state = digest(answer.state)
        try:
            departure = deps.oauth_states.spend(state, name, digest(browser), now)
        except Exception:
            steps.goes_on(deps.oauth_states.flow_of(state))
            raise
        steps.goes_on(departure.flow_id)
        steps.add("returned", error=answer.error if answer.error and ERROR.fullmatch(answer.error) else None)
    return departure


def sign_in_here(deps: Deps, departure: Departure, answer: Answer, browser: str, client: Client) -> SignedIn:
    """Sign in in this browser. Commit point as in `enter`."""
    now = deps.clock()
    with followed(Steps(deps, departure.provider, client, now, departure.flow_id), signing_in=True) as steps:
        proof = _proved(deps, departure, answer, browser, steps)
        return enter(deps, proof, None, client, steps, now)


def hand_over(deps: Deps, departure: Departure, answer: Answer, browser: str, client: Client) -> str:
    """The code that the app exchanges for a session; it is the app's alone, which holds a verifier.

    Commit point: the handoff's item. A crash after it costs another round.
    """
    now = deps.clock()
    with followed(Steps(deps, departure.provider, client, now, departure.flow_id), signing_in=True) as steps:
        proof = _proved(deps, departure, answer, browser, steps)
        code = new_id("hand_")
        kept = handoff_digest(code)
        name = departure.provider
        handoff = Handoff(
            digest=kept,
            flow_id=departure.flow_id,
            provider=name,
            challenge=departure.challenge or "",
            expires_at=now + HANDOFF_LIFETIME,
            identity=_as_kept(proof),
            tokens=sealed(deps, proof.tokens, holder(kept), name) if proof.tokens else None,
        )
        deps.oauth_states.hand_over(handoff)
        steps.add("handed_to_app")
        return code


def _proved(deps: Deps, departure: Departure, answer: Answer, browser: str, steps: Steps) -> Proof:
    """Who has come back, by the code that the provider gave."""
    now, provider = deps.clock(), deps.providers[departure.provider]
    provider.check_answer(now, answer.issuer)
    if answer.error is not None or not answer.code:
        raise _refusal(answer.error)
    flow = bound(deps, browser, answer.state)
    proof = redeemed(provider, answer.code, flow.verifier, redirect_uri(deps, provider.name), flow.nonce, now)
    steps.add("token_received", by="browser", refreshable=bool(proof.tokens and proof.tokens.refresh_token))
    return proof


def _refusal(error: str | None) -> OAuthFault:
    """What it means that there is no code."""
    if error == "access_denied":
        return OAuthDenied()
    if error in BUSY:
        return ProviderUnavailable(error)
    return ProviderRefused(error if error and ERROR.fullmatch(error) else "no code")


def _as_kept(proof: Proof) -> dict[str, Any]:
    """The identity, as a handoff keeps it for two minutes."""
    found = proof.identity
    known = {"issuer": found.issuer, "subject": found.subject, "email": found.email, "name": found.name}
    return known | {"email_verified": found.email_verified}
