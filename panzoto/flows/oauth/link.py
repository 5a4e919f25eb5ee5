"""Somebody who is signed in links an identity at a provider to the account, or takes it away."""

from __future__ import annotations

from datetime import datetime

from panzoto.deps import Deps
from panzoto.errors import Conflict, IdentityTaken, LastWayIn, NotConnected, ProviderTaken
from panzoto.flows._audit import recording
from panzoto.flows._mail import notify_of_identity
from panzoto.flows._reauthenticate import reauthenticate
from panzoto.flows._ways_in import ways_in
from panzoto.flows.authenticate import Caller
from panzoto.flows.client import Client
from panzoto.models.store.transaction import Member, transact
from panzoto.models.user import User
from panzoto.models.user_conditions import epoch_is, identities_are, ways_in_are

from ._connecting import connected, releasing
from ._proofs import Presented, Proof, prove
from ._revoking import revoke
from ._steps import Steps, followed


def link(deps: Deps, caller: Caller, name: str, presented: Presented, password: str | None, client: Client) -> None:
    """Link an identity, with the tokens that came with it. It asks for the password, or a recent sign-in.

    Commit point: one transaction of the claim, the person and the vault's item. A crash before it costs another round
    at the provider. To link again what is linked brings the vault new tokens.
    """
    now, user = deps.clock(), caller.user
    provider = deps.providers[name]
    reauthenticate(deps, caller, password, client, now)
    deps.rates.charge("oauth.address", client.network, now)
    with followed(Steps(deps, name, client, now)) as steps:
        steps.of(user.user_id)
        proof = prove(deps, provider, presented, steps, now)
        members = _claiming(deps, user, proof, now)
        is_new = name not in user.identities
        old = deps.oauth_tokens.find(user.user_id, name)
        connection = connected(deps, user.user_id, proof, old, now)
        if is_new:
            members += releasing(deps, old, proof.identity)
            members.append(recording(deps, user.user_id, "identity_linked", client, now, {"provider": name}))
        if connection is not None:
            members.append(deps.oauth_tokens.keeping(old, connection, now))
        changes = {"identities": {*user.identities, name}} if is_new else {}
        same = epoch_is(user) & identities_are(user)
        transact(deps.gateway, *members, deps.users.changing(user, now, changes, when=same, otherwise=Conflict))
        if connection is not None and connection.tokens is not None:
            steps.add("sealed", key=connection.tokens.key_id)
        steps.add("linked")
    if is_new:
        notify_of_identity(deps, user, name, client, now, linked=True)


def unlink(deps: Deps, caller: Caller, name: str, password: str | None, client: Client) -> bool:
    """Take an identity from the account, with its tokens, if its owner can still sign in; whether the grant has ended.

    Commit point: one transaction of the claim, the person and the vault's item. The grant is ended after it, as in
    `disconnect`.
    """
    now, user = deps.clock(), caller.user
    reauthenticate(deps, caller, password, client, now)
    with followed(Steps(deps, name, client, now)) as steps:
        steps.of(user.user_id)
        found = deps.oauth_tokens.find(user.user_id, name)
        if found is None or name not in user.identities or not found.issuer or not found.subject:
            raise NotConnected
        if not ways_in(deps, user) - {name}:
            raise LastWayIn
        left = user.identities - {name}
        changing = deps.users.changing(
            user, now, {"identities": set(left) or None}, when=ways_in_are(user), otherwise=Conflict
        )
        releasing = deps.identities.releasing(found.issuer, found.subject, user.user_id)
        recorded = recording(deps, user.user_id, "identity_unlinked", client, now, {"provider": name})
        transact(deps.gateway, releasing, changing, deps.oauth_tokens.ending(found, "unlinked", now), recorded)
        steps.add("unlinked")
        steps.keep()
        notify_of_identity(deps, user, name, client, now, linked=False)
        return revoke(deps, deps.oauth_tokens.find(user.user_id, name) or found, steps, now)


def _claiming(deps: Deps, user: User, proof: Proof, now: datetime) -> list[Member]:
    """The claim of the identity, unless the account has it already; raises where it must not be linked."""
    identity, name = proof.identity, proof.provider.name
    claim = deps.identities.find(identity.issuer, identity.subject)
    if claim is not None and claim["user_id"] != user.user_id:
        raise IdentityTaken
    if claim is None and name in user.identities:
        raise ProviderTaken
    return [] if claim else [deps.identities.claiming(identity.issuer, identity.subject, user.user_id, name, now)]
