"""The audio key of a person: made once, kept wrapped under a recovery key, and under the password or by KMS."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from panzoto.crypto import keys
from panzoto.crypto.recovery import new_recovery_key, recovery_wrapping_key
from panzoto.deps import Deps
from panzoto.errors import KeyRejected
from panzoto.models.audio_keys import AudioKey
from panzoto.models.user import User


@dataclass(frozen=True)
class Made:
    """A new audio key as it is kept, and the recovery key that its owner is shown once."""

    audio_key: AudioKey
    recovery_key: str = field(repr=False)


def make(deps: Deps, user_id: str, password: str | None, key_salt: bytes, *, version: int = 1) -> Made:
    """A new random audio key; without a password KMS wraps it."""
    clear, recovery_key = keys.new_audio_key(), new_recovery_key()
    wrapped = _for_recovery(clear, recovery_key, user_id)
    kept = AudioKey(wrapped_for_recovery=wrapped, version=version)
    if password is None:
        return Made(replace(kept, wrapped_by_kms=deps.key_service.wrap(clear, user_id)), recovery_key)
    return Made(_under_password(deps, user_id, key_salt, kept, clear, password), recovery_key)


def handed_out(deps: Deps, user: User) -> bytes | None:
    """The audio key of somebody whose app cannot unwrap it, for want of a password; None for everybody else."""
    if user.audio_key is None or user.audio_key.wrapped_by_kms is None:
        return None
    return deps.key_service.unwrap(user.audio_key.wrapped_by_kms, user.user_id)


def rewrapped(deps: Deps, user: User, old: str | None, new: str) -> AudioKey | None:
    """The same audio key under a new password; None for somebody who has none yet."""
    if user.audio_key is None:
        return None
    clear = opened(deps, user, user.audio_key, old)
    return _under_password(deps, user.user_id, user.key_salt, user.audio_key, clear, new)


def with_new_recovery_key(deps: Deps, user: User, password: str | None) -> Made:
    """The same audio key under a new recovery key; a first audio key for somebody who has none yet."""
    kept = user.audio_key
    if kept is None:
        return make(deps, user.user_id, password, user.key_salt)
    clear, recovery_key = opened(deps, user, kept, password), new_recovery_key()
    return Made(replace(kept, wrapped_for_recovery=_for_recovery(clear, recovery_key, user.user_id)), recovery_key)


def recovered(deps: Deps, user: User, kept: AudioKey, recovery_key: str, new: str) -> AudioKey:
    """The same audio key under a new password, by the recovery key; a wrong one raises."""
    clear = opened_for_recovery(user, kept, recovery_key)
    return _under_password(deps, user.user_id, user.key_salt, kept, clear, new)


def opened_for_recovery(user: User, kept: AudioKey, recovery_key: str) -> bytes:
    """The audio key in clear by the recovery key; a wrong one raises."""
    return keys.unwrap(kept.wrapped_for_recovery, recovery_wrapping_key(recovery_key, user.user_id), user.user_id)


def opened(deps: Deps, user: User, kept: AudioKey, password: str | None) -> bytes:
    """The audio key in clear: by KMS for somebody without a password, otherwise by it."""
    if kept.wrapped_by_kms is not None:
        return deps.key_service.unwrap(kept.wrapped_by_kms, user.user_id)
    if kept.wrapped is None or kept.kdf is None or password is None:
        raise KeyRejected
    return keys.unwrap(kept.wrapped, deps.password_keys.derive(password, user.key_salt, kept.kdf), user.user_id)


def _for_recovery(clear: bytes, recovery_key: str, user_id: str) -> str:
    return keys.wrap(clear, recovery_wrapping_key(recovery_key, user_id), user_id)


def _under_password(deps: Deps, user_id: str, key_salt: bytes, kept: AudioKey, clear: bytes, password: str) -> AudioKey:
    kdf = deps.password_keys.kdf
    new_salt = None if len(key_salt) == keys.SALT_BYTES else keys.new_key_salt()  # a migrated one may be unusable
    wrapping = deps.password_keys.derive(password, new_salt or key_salt, kdf)
    wrapped = keys.wrap(clear, wrapping, user_id)
    return replace(kept, kdf=kdf, wrapped=wrapped, wrapped_by_kms=None, new_salt=new_salt)
