"""Somebody shows that they have their recovery key: the answer that brought it may have been lost on its way."""

from __future__ import annotations

from panzoto.deps import Deps
from panzoto.errors import KeyRejected
from panzoto.models.audio_keys import audio_key_attributes, audio_key_is
from panzoto.models.users import epoch_is

from . import _audio_key
from .authenticate import Caller


def confirm_recovery_key(deps: Deps, caller: Caller, recovery_key: str) -> None:
    """Keep that the recovery key is its owner's; a wrong one is refused.

    Commit point: one write of the person, if the key is still the one that was shown. A crash costs another try.
    """
    now, user = deps.clock(), caller.user
    if user.audio_key is None:
        raise KeyRejected
    deps.rates.charge("password.account", user.user_id, now)
    confirmed, _ = _audio_key.confirmed_by(user, user.audio_key, recovery_key)
    unchanged = epoch_is(user) & audio_key_is(user.audio_key)
    deps.users.change(user, now, audio_key_attributes(confirmed), when=unchanged)
