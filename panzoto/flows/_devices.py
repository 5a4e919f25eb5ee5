"""Devices that a person has signed in from: known ones have guesses of their own, which no stranger can use up."""

from __future__ import annotations

from hashlib import sha256

from panzoto.deps import Deps
from panzoto.models.user import User


def fingerprint(device_id: str) -> str:
    """What is kept of a device's id, which only the device knows."""
    return sha256(device_id.encode()).hexdigest()[:32]


def shown_device(device_id: str | None) -> str | None:
    """What may be shown of a device's id, which is half of what refreshes its session: enough to tell two apart."""
    return None if device_id is None else fingerprint(device_id)[:8]


def is_known(user: User | None, device_id: str | None) -> bool:
    """Whether the person has signed in from that device before."""
    return user is not None and device_id is not None and fingerprint(device_id) in user.devices


def alone(device_id: str | None) -> dict[str, set[str] | None]:
    """The attributes of a person whose other devices are forgotten."""
    return {"known_devices": {fingerprint(device_id)} if device_id else None}


def remember(deps: Deps, user: User, device_id: str | None) -> bool:
    """Know the device from now on; whether it is new."""
    if device_id is None or is_known(user, device_id):
        return False
    deps.users.remember_device(user, fingerprint(device_id))
    return True
