"""How a proof becomes a session: the tail of every way in by a provider."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from panzoto.deps import Deps
from panzoto.errors import Conflict, LinkNeeded
from panzoto.flows import _arriving
from panzoto.flows._arrivals import Arrival, recordings, settle
from panzoto.flows._email_verification import send_if_few
from panzoto.flows._mail import notify_of_identity
from panzoto.flows._sessions import SignedIn, start_session
from panzoto.flows.client import Client
from panzoto.models.store.transaction import transact
from panzoto.models.user_conditions import epoch_is

from ._connecting import connected, is_anothers, releasing
from ._proofs import Proof
from ._steps import Steps


def enter(deps: Deps, proof: Proof, device_id: str | None, client: Client, steps: Steps, now: datetime) -> SignedIn:
    """Sign in whoever the identity belongs to; the first time makes the person.

    Commit point: one transaction of the identity's claim, the person and the vault's item; for somebody who is known,
    the vault's item alone. A crash before it costs a new sign-in at the provider, after it nothing.
    """
    name = proof.provider.name
    arrive = partial(_arriving.by_identity, deps, name, proof.identity, now)
    arrival = settle(deps, arrive, partial(_keep, deps, proof, steps, client, now), now)
    user = arrival.admitted.user
    if arrival.is_new and user.pending_email:
        send_if_few(deps, user, user.pending_email, client, now)
    if arrival.is_linked:
        notify_of_identity(deps, user, name, client, now, linked=True)
    signed_in = start_session(
        deps,
        arrival.admitted,
        device_id=device_id,
        client=client,
        now=now,
        amr=f"oauth:{name}",
        recovery_key=arrival.recovery_key,
        audio_key=arrival.audio_key,
    )
    steps.add("signed_in", session=signed_in.session_id, is_new=arrival.is_new)
    return signed_in


def _keep(deps: Deps, proof: Proof, steps: Steps, client: Client, now: datetime, arrival: Arrival) -> None:
    """Write what the arrival changes, the events that tell it, and the connection, together."""
    user = arrival.admitted.user
    steps.of(user.user_id)
    old = None if arrival.is_new else deps.oauth_tokens.find(user.user_id, proof.provider.name)
    if is_anothers(old, proof.identity) and not arrival.is_linked:
        raise LinkNeeded  # it was taken from the account when the email was proved, and another is linked since
    connection = connected(deps, user.user_id, proof, old, now)
    if connection is not None and old is not None and not arrival.members:
        deps.oauth_tokens.keep(old, connection, now)  # alone it costs half
    else:
        recorded = recordings(deps, arrival, client, now, proof.provider.name)
        members = [*arrival.members, *recorded, *releasing(deps, old, proof.identity)]
        if connection is not None:
            members.append(deps.oauth_tokens.keeping(old, connection, now))
        if connection is not None and not arrival.members:  # or a deletion that crosses this would miss the item
            members.append(deps.users.changing(user, now, {}, when=epoch_is(user), otherwise=Conflict))
        if members:
            transact(deps.gateway, *members)
    if connection is not None and connection.tokens is not None:
        steps.add("sealed", key=connection.tokens.key_id)
