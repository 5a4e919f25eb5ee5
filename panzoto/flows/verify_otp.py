"""Somebody signs in by the code that came as an SMS."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from panzoto.deps import Deps
from panzoto.errors import KeysUnavailable
from panzoto.models.auth_state.otps import SIGN_IN, Otp

from . import _arriving
from ._arrivals import Arrival, settle, spend
from ._codes import guess_code
from ._phones import normal_phone
from ._sessions import SignedIn, start_session
from .client import Client


def verify_otp(deps: Deps, phone_number: str, code: str, device_id: str | None, client: Client) -> SignedIn:
    """Sign in. The first time makes the person.

    Commit point: `settle`, which redeems the code. A crash after it costs the user a code, never a second session;
    and the first time the recovery key, as a lost answer does.
    """
    now = deps.clock()
    phone = normal_phone(deps, phone_number)
    otp = guess_code(deps, phone, SIGN_IN, code, device_id, client, now)
    arrival = _arrived(deps, otp, client, now)
    return start_session(
        deps,
        arrival.admitted,
        device_id=device_id,
        client=client,
        now=now,
        amr="otp",
        recovery_key=arrival.recovery_key,
        audio_key=arrival.audio_key,
    )


def _arrived(deps: Deps, otp: Otp, client: Client, now: datetime) -> Arrival:
    """Whoever has the phone, once the code is redeemed."""
    redeem, redeeming = partial(deps.otps.redeem, otp, now), deps.otps.redeeming(otp, now)
    spending = partial(spend, deps, client, now, redeem, redeeming)
    try:
        return settle(deps, partial(_arriving.by_phone, deps, otp.phone, now), spending, now)
    except KeysUnavailable:
        deps.otps.give_back(otp)  # the code was right, and works when KMS does
        raise
