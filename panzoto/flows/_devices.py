"""Devices that a person has signed in from: known ones have guesses of their own, which no stranger can use up."""

from __future__ import annotations

from hashlib import sha256

from panzoto.deps import Deps
from panzoto.models.store.wire import Item
from panzoto.models.user import User


def fingerprint(device_id: str) -> str:
    """What is kept of a device's id, which only the device knows."""
    return sha256(device_id.encode()).hexdigest()[:32]


def maybe_fingerprint(device_id: str | None) -> str | None:
    """The same of a device that may not have said which it is."""
    return fingerprint(device_id) if device_id else None


def shown_device(device_id: str | None) -> str | None:
    """What may be shown of a device's id, which is half of what refreshes its session: enough to tell two apart."""
    return None if device_id is None else fingerprint(device_id)[:8]


def is_known(user: User | None, device_id: str | None) -> bool:
    """Whether the person has signed in from that device before."""
    return user is not None and device_id is not None and fingerprint(device_id) in user.devices


def is_owners(deps: Deps, claim: Item | None, device: str) -> bool:
    """Whether whoever has a claim has signed in from the device of that fingerprint before.

    Where nobody has proved the email of an account, its devices may be those of a stranger.
    """
    user = deps.users.find(claim["user_id"]) if claim and "user_id" in claim else None
    return user is not None and device in user.devices and (user.email is None or user.email_verified_at is not None)


def alone(device_id: str | None) -> dict[str, set[str] | None]:
    """The attributes of a person whose other devices are forgotten."""
    return {"known_devices": {fingerprint(device_id)} if device_id else None}


def remember(deps: Deps, user: User, device_id: str | None) -> None:
    """Know the device of a sign-in from now on."""
    if device_id is not None and not is_known(user, device_id):
        deps.users.remember_device(user, fingerprint(device_id))
