"""Somebody signs in by a link, or by the code that stands for it."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from panzoto.crypto.purposes import Purpose
from panzoto.deps import Deps
from panzoto.errors import CodeRejected, DeviceMismatch, LinkInvalid, Overloaded
from panzoto.models.one_use_tokens import OneUseToken

from . import _arriving, _one_use
from ._arrivals import Arrival, settle, spend
from ._audit import record
from ._email_verification import send_verification
from ._sessions import SignedIn, start_session
from .client import Client

PURPOSE = Purpose.MAGIC_LINK
ELSEWHERE = "This link was asked for on another device. Open it there."
# How people write a code that the page shows in two halves.
BETWEEN = str.maketrans("", "", " -\u00a0")


def sign_in_by_link(deps: Deps, text: str, device_id: str | None, client: Client) -> SignedIn:
    """Sign in by a link. Commit point as in `_sign_in`."""
    now = deps.clock()
    deps.rates.charge("link.guesses", client.network, now)
    token = _one_use.look_at(deps, PURPOSE, text, now)
    return _sign_in(deps, token, device_id, client, now)


def sign_in_by_link_code(deps: Deps, request_id: str, code: str, device_id: str | None, client: Client) -> SignedIn:
    """Sign in by the code that stands for a link. One guess is charged before it is looked at."""
    now = deps.clock()
    code = code.translate(BETWEEN)
    deps.rates.charge("link.guesses", client.network, now)
    try:
        token = deps.one_use_tokens.spend_attempt(PURPOSE, request_id, deps.config.otp_max_attempts, now)
    except CodeRejected:
        deps.codes.verify_nobody(request_id, code)
    try:
        deps.codes.verify(token.code_hash or "", request_id, code)
    except Overloaded:
        deps.one_use_tokens.give_back(token)
        raise
    except CodeRejected:
        record(deps, _subject(token), "code_rejected", client, now, {"by": token.details["sourceFlow"]})
        raise
    return _sign_in(deps, token, device_id, client, now)


def _subject(token: OneUseToken) -> str:
    """Whose event a wrong code is; nobody's account, where there is none, or none that the link may open."""
    return f"email:{token.email}" if token.is_new or token.used else token.user_id


def _sign_in(deps: Deps, token: OneUseToken, device_id: str | None, client: Client, now: datetime) -> SignedIn:
    """Commit point: `settle`, which spends the link. A crash after it costs the user a link, never a second session.

    The first time it costs the recovery key too, as a lost answer does: `recovery_key_confirmed` says so.
    """
    if token.used:
        raise LinkInvalid
    if token.device_id not in (None, device_id):
        raise DeviceMismatch(ELSEWHERE)
    tokens = deps.one_use_tokens
    spending = partial(spend, deps, client, now, partial(tokens.spend, token, now), tokens.spending(token, now))
    arrival = settle(deps, partial(_recipient, deps, token, now), spending, now)
    user = arrival.admitted.user
    if user.pending_email and arrival.is_new:
        send_verification(deps, user, user.pending_email, client, now)
    return start_session(
        deps,
        arrival.admitted,
        device_id=device_id,
        client=client,
        now=now,
        amr=token.details["sourceFlow"],
        recovery_key=arrival.recovery_key,
        audio_key=arrival.audio_key,
        dashboard_id=token.details.get("dashboardId"),
    )


def _recipient(deps: Deps, token: OneUseToken, now: datetime) -> Arrival:
    """Whoever the link was sent to.

    It dies with the sessions, the email and the account of then: what was sent before they ended signs nobody in, and
    makes nobody anew.
    """
    if token.phone is None:
        arrival = _arriving.by_email(deps, token.email, token.user_id, now)
    else:
        arrival = _arriving.by_phone(deps, token.phone, now, user_id=token.user_id, pending_email=token.email)
    user = arrival.admitted.user
    is_theirs = user.user_id == token.user_id and not arrival.is_new
    if not (token.is_new or is_theirs) or token.email not in (user.email, user.pending_email):
        raise LinkInvalid
    if user.epoch - int(arrival.ends_sessions) != token.epoch:
        raise LinkInvalid
    return arrival
