"""What somebody shows to prove an identity at a provider: a code, an id token, or what a browser was handed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

from authlib.oauth2.rfc7636 import create_s256_code_challenge

from panzoto.deps import Deps
from panzoto.errors import HandoffInvalid, IdTokenInvalid, ProviderMisbehaved, RedirectRefused
from panzoto.providers.id_tokens import LEEWAY, Identity
from panzoto.providers.provider import Provider
from panzoto.providers.tokens import Tokens

from ._steps import Steps
from ._tokens import opened

HANDOFF = re.compile(r"hand_[A-Za-z0-9]{22}", re.ASCII)
# No provider's id tokens sign in for longer; so long a used one is remembered.
LONGEST_ID_TOKEN = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class Code:
    """An authorization code that an app has got by itself (RFC 8252), and the verifier of its challenge."""

    code: str = field(repr=False)
    verifier: str = field(repr=False)
    redirect_uri: str | None = None
    nonce: str | None = None


@dataclass(frozen=True, kw_only=True)
class IdToken:
    """An id token that an app has got from its phone."""

    token: str = field(repr=False)
    nonce: str


@dataclass(frozen=True, kw_only=True)
class Handed:
    """The code that a browser has handed to the app, and the verifier of the challenge that the app began with."""

    code: str = field(repr=False)
    verifier: str = field(repr=False)


Presented = Code | IdToken | Handed


@dataclass(frozen=True, kw_only=True)
class Proof:
    """An identity that was proved, and the tokens that came with it."""

    provider: Provider
    identity: Identity
    tokens: Tokens | None = field(default=None, repr=False)


def prove(deps: Deps, provider: Provider, presented: Presented, steps: Steps, now: datetime) -> Proof:
    """Look at what is presented, and spend it: each works once."""
    if isinstance(presented, Code):
        return _by_code(deps, provider, presented, steps, now)
    if isinstance(presented, IdToken):
        return _by_id_token(deps, provider, presented, steps, now)
    return _by_handoff(deps, provider, presented, steps, now)


def redeemed(
    provider: Provider, code: str, verifier: str, redirect_uri: str | None, nonce: str | None, now: datetime
) -> Proof:
    """The tokens for a code, and who they are of."""
    tokens = provider.exchange(now, code, verifier=verifier, redirect_uri=redirect_uri)
    if tokens.id_token is None:
        raise ProviderMisbehaved("no id token")
    return Proof(provider=provider, identity=provider.identify(now, tokens.id_token, nonce=nonce), tokens=tokens)


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a verifier."""
    return str(create_s256_code_challenge(verifier))


def handoff_digest(code: str) -> str:
    """What the store keeps of a handoff's code."""
    return sha256(code.encode()).hexdigest()


def holder(digest: str) -> str:
    """For whom the tokens of a handoff are sealed, before there is anybody."""
    return f"handoff#{digest}"


def _by_code(deps: Deps, provider: Provider, shown: Code, steps: Steps, now: datetime) -> Proof:
    if shown.redirect_uri is not None and shown.redirect_uri not in deps.config.oauth_app_redirects:
        raise RedirectRefused
    proof = redeemed(provider, shown.code, shown.verifier, shown.redirect_uri, shown.nonce, now)
    steps.add("token_received", by="code", refreshable=bool(proof.tokens and proof.tokens.refresh_token))
    return proof


def _by_id_token(deps: Deps, provider: Provider, shown: IdToken, steps: Steps, now: datetime) -> Proof:
    identity = provider.identify(now, shown.token, nonce=shown.nonce, by_app=True)
    if identity.until is None or identity.until > now + LONGEST_ID_TOKEN:
        raise IdTokenInvalid
    # of its signed part: one signature can be written in more ways than one
    digest = sha256(shown.token.rpartition(".")[0].encode()).hexdigest()
    deps.oauth_states.spend_id_token(digest, identity.until + 2 * LEEWAY)
    steps.add("token_received", by="id_token")
    return Proof(provider=provider, identity=identity)


def _by_handoff(deps: Deps, provider: Provider, shown: Handed, steps: Steps, now: datetime) -> Proof:
    if not HANDOFF.fullmatch(shown.code):
        raise HandoffInvalid
    digest = handoff_digest(shown.code)
    taken = deps.oauth_states.take(digest, provider.name, challenge_of(shown.verifier), now)
    steps.goes_on(taken.flow_id)
    tokens = opened(deps, taken.tokens, holder(digest), provider.name) if taken.tokens else None
    steps.add("handed_over")
    return Proof(provider=provider, identity=Identity(**taken.identity), tokens=tokens)
