"""Somebody who is signed in adds a phone to the account, changes it, or takes it away."""

from __future__ import annotations

from panzoto.deps import Deps
from panzoto.errors import Conflict, LastWayIn
from panzoto.models.auth_state.otps import Otp, for_account
from panzoto.models.store.transaction import transact
from panzoto.models.user import User
from panzoto.models.user_conditions import ways_in_are

from ._audit import recording
from ._codes import guess_code, send_code
from ._mail import notify_of_new_phone
from ._phones import normal_phone
from ._reauthenticate import reauthenticate
from ._ways_in import PHONE, ways_in
from .authenticate import Caller
from .client import Client


def ask_for_phone(
    deps: Deps, caller: Caller, phone_number: str, device_id: str | None, password: str | None, client: Client
) -> Otp:
    """Send a code to the phone that is to be added. It asks for the password, or for a sign-in that is not long ago."""
    now = deps.clock()
    phone = normal_phone(deps, phone_number)
    reauthenticate(deps, caller, password, client, now)
    return send_code(deps, phone, for_account(caller.user.user_id), device_id, client, now)


def add_phone(deps: Deps, caller: Caller, phone_number: str, code: str, device_id: str | None, client: Client) -> User:
    """Give the account the phone, in place of the one it has.

    Commit point: one transaction of the code, both claims and the person. A crash after it costs the answer alone.
    """
    now, user = deps.clock(), caller.user
    wanted = normal_phone(deps, phone_number)
    phone = wanted.number
    otp = guess_code(deps, wanted, for_account(user.user_id), code, device_id, client, now)
    if phone == user.phone:
        deps.otps.redeem(otp, now)
        return user
    claims = [deps.phones.claiming(phone, user.user_id, user.name, now)]
    if user.phone:
        claims.append(deps.phones.releasing(user.phone, user.user_id))
    changing = deps.users.changing(user, now, {"phone_number": phone}, when=ways_in_are(user), otherwise=Conflict)
    recorded = recording(deps, user.user_id, "phone_changed" if user.phone else "phone_added", client, now)
    transact(deps.gateway, deps.otps.redeeming(otp, now), *claims, changing, recorded)
    notify_of_new_phone(deps, user, phone, client, now)
    return deps.users.find(user.user_id) or user


def remove_phone(deps: Deps, caller: Caller, password: str | None, client: Client) -> None:
    """Take the phone from the account, if its owner can still sign in. Commit point: one transaction."""
    now, user = deps.clock(), caller.user
    reauthenticate(deps, caller, password, client, now)
    if user.phone is None:
        return
    if not ways_in(deps, user) - {PHONE}:
        raise LastWayIn
    changing = deps.users.changing(user, now, {"phone_number": None}, when=ways_in_are(user), otherwise=Conflict)
    recorded = recording(deps, user.user_id, "phone_removed", client, now)
    transact(deps.gateway, deps.phones.releasing(user.phone, user.user_id), changing, recorded)
    notify_of_new_phone(deps, user, None, client, now)
