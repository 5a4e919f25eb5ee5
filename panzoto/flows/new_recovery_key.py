"""Somebody has lost their recovery key, or never saw it, and still knows the password."""

from __future__ import annotations

from panzoto.deps import Deps
from panzoto.errors import Conflict
from panzoto.models.audio_keys import audio_key_attributes, audio_key_is
from panzoto.models.store.transaction import transact
from panzoto.models.user_conditions import epoch_is, password_is

from . import _audio_key
from ._audit import recording
from ._mail import notify_of_recovery_key
from ._reauthenticate import check_password
from .authenticate import Caller
from .client import Client


def new_recovery_key(deps: Deps, caller: Caller, password: str | None, client: Client) -> str:
    """A new recovery key for the same audio key; the old one opens nothing from here on.

    Commit point: one transaction of the person and the event, if sessions, password and audio key are still those that
    were read. A crash after it costs the answer: the caller asks again.
    """
    now = deps.clock()
    check_password(deps, caller, password, client, now)
    made = _audio_key.with_new_recovery_key(deps, caller.user, password)
    unchanged = epoch_is(caller.user) & password_is(caller.user) & audio_key_is(caller.user.audio_key)
    attributes = audio_key_attributes(made.audio_key)
    changing = deps.users.changing(caller.user, now, attributes, when=unchanged, otherwise=Conflict)
    transact(deps.gateway, changing, recording(deps, caller.user.user_id, "recovery_key_made", client, now))
    notify_of_recovery_key(deps, caller.user.email, client, now)
    return made.recovery_key
