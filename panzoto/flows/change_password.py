"""Somebody changes their password; the audio key stays what it was."""

from __future__ import annotations

from panzoto.deps import Deps
from panzoto.errors import Conflict
from panzoto.models.audio_keys import audio_key_attributes, audio_key_is
from panzoto.models.store.transaction import transact
from panzoto.models.user_conditions import email_is, password_is, ways_in_are
from panzoto.models.users import new_password

from . import _audio_key, _devices
from ._audit import recording
from ._mail import notify_of_new_password
from ._policy import admit
from ._reauthenticate import check_password
from ._sessions import SignedIn, clear_sessions, start_session
from .authenticate import Caller
from .client import Client


def change_password(
    deps: Deps, caller: Caller, current: str | None, new: str, client: Client, *, device_id: str | None = None
) -> SignedIn:
    """Change the password, rewrap the audio key under it, end every session, and start a new one here.

    Whoever knew the old one is a stranger now: this device is the only one that is known.

    Somebody who has none yet sets one, by a sign-in that is not long ago.

    Commit point: one transaction of the person and the event, on the condition that the password is still the one that
    was checked, and the email that which hears of it. A crash after it leaves everybody signed out, the caller too, who
    signs in with the new password.
    """
    now = deps.clock()
    check_password(deps, caller, current, client, now)
    admitted = admit(deps, caller.user, now)
    deps.check_new_password(new, context=(caller.user.email or "", caller.user.name or ""))
    rewrapped = _audio_key.rewrapped(deps, caller.user, current, new)
    audio = audio_key_attributes(rewrapped) if rewrapped else {}
    changes = {**new_password(caller.user, deps.passwords.hash(new), now), **audio, **_devices.alone(device_id)}
    unchanged = password_is(caller.user) & email_is(caller.user) & ways_in_are(caller.user)
    unchanged &= audio_key_is(caller.user.audio_key)
    changing = deps.users.changing(caller.user, now, changes, when=unchanged, otherwise=Conflict)
    transact(deps.gateway, changing, recording(deps, caller.user.user_id, "password_changed", client, now))
    user = caller.user.with_changes(changes)
    notify_of_new_password(deps, user.email, client, now)
    clear_sessions(deps, user.user_id, user.epoch)
    return start_session(deps, admitted.as_now(user), device_id=device_id, client=client, now=now, amr="pwd")
