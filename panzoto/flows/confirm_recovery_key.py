"""Somebody shows that they have their recovery key: the answer that brought it may have been lost on its way."""

from __future__ import annotations

from panzoto.deps import Deps
from panzoto.errors import KeyRejected
from panzoto.models.audio_keys import recovery_mark
from panzoto.models.user_conditions import epoch_is

from . import _audio_key
from .authenticate import Caller


def confirm_recovery_key(deps: Deps, caller: Caller, recovery_key: str) -> None:
    """Keep that the recovery key is its owner's; a wrong one is refused.

    Commit point: one write of the person, which names the key: it says nothing of another. A crash costs another try.
    """
    now, user = deps.clock(), caller.user
    if user.audio_key is None:
        raise KeyRejected
    deps.rates.charge("password.account", user.user_id, now)
    _audio_key.opened_for_recovery(user, user.audio_key, recovery_key)
    deps.users.change(user, now, {"recovery_key_shown": recovery_mark(user.audio_key)}, when=epoch_is(user))
