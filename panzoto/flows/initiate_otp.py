"""Somebody asks for a code by SMS."""

from __future__ import annotations

from panzoto.deps import Deps
from panzoto.models.auth_state.otps import SIGN_IN, Otp

from ._codes import send_code
from ._phones import normal_phone
from .client import Client


def initiate_otp(deps: Deps, phone_number: str, device_id: str | None, client: Client) -> Otp:
    """Send a code that signs in whoever has the phone. Commit point and crashes as in `send_code`."""
    return send_code(deps, normal_phone(deps, phone_number), SIGN_IN, device_id, client, deps.clock())
