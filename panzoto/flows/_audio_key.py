"""The audio key of a person: made once, wrapped under the password and under a recovery key, never kept in clear."""

from __future__ import annotations

from dataclasses import dataclass, replace

from panzoto.crypto import keys
from panzoto.crypto.recovery import new_recovery_key, recovery_wrapping_key
from panzoto.deps import Deps
from panzoto.models.audio_keys import AudioKey
from panzoto.models.users import User


@dataclass(frozen=True)
class Made:
    """A new audio key as it is kept, and the recovery key that its owner is shown once."""

    audio_key: AudioKey
    recovery_key: str


def make(deps: Deps, user_id: str, password: str, key_salt: bytes, *, version: int = 1) -> Made:
    """A new random audio key."""
    recovery_key = new_recovery_key()
    return Made(_wrapped(deps, keys.new_audio_key(), user_id, password, key_salt, recovery_key, version), recovery_key)


def _wrapped(
    deps: Deps, clear: bytes, user_id: str, password: str, key_salt: bytes, recovery_key: str, version: int
) -> AudioKey:
    kdf = deps.password_keys.kdf
    return AudioKey(
        kdf=kdf,
        wrapped=keys.wrap(clear, deps.password_keys.derive(password, key_salt, kdf), user_id),
        wrapped_for_recovery=keys.wrap(clear, recovery_wrapping_key(recovery_key, user_id), user_id),
        version=version,
    )


def rewrapped(deps: Deps, user: User, old: str, new: str) -> AudioKey | None:
    """The same audio key under a new password; None for somebody who has none yet."""
    if user.audio_key is None:
        return None
    clear = keys.unwrap(
        user.audio_key.wrapped, deps.password_keys.derive(old, user.key_salt, user.audio_key.kdf), user.user_id
    )
    return _under_password(deps, user, user.audio_key, clear, new)


def with_new_recovery_key(deps: Deps, user: User, password: str) -> Made:
    """The same audio key under a new recovery key; a first audio key for somebody who has none yet."""
    kept = user.audio_key
    if kept is None:
        return make(deps, user.user_id, password, user.key_salt)
    clear = keys.unwrap(kept.wrapped, deps.password_keys.derive(password, user.key_salt, kept.kdf), user.user_id)
    recovery_key = new_recovery_key()
    wrapped = keys.wrap(clear, recovery_wrapping_key(recovery_key, user.user_id), user.user_id)
    return Made(replace(kept, wrapped_for_recovery=wrapped), recovery_key)


def recovered(deps: Deps, user: User, kept: AudioKey, recovery_key: str, new: str) -> AudioKey:
    """The same audio key under a new password, by the recovery key; a wrong one raises."""
    wrapping = recovery_wrapping_key(recovery_key, user.user_id)
    clear = keys.unwrap(kept.wrapped_for_recovery, wrapping, user.user_id)
    return _under_password(deps, user, kept, clear, new)


def _under_password(deps: Deps, user: User, kept: AudioKey, clear: bytes, password: str) -> AudioKey:
    kdf = deps.password_keys.kdf
    wrapping = deps.password_keys.derive(password, user.key_salt, kdf)
    return replace(kept, kdf=kdf, wrapped=keys.wrap(clear, wrapping, user.user_id))
