"""Audio keys as the items of people hold them: wrapped, never in clear."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from .store.expressions import Attr, Condition
from .store.wire import Item


@dataclass(frozen=True, kw_only=True)
class AudioKey:
    """A person's audio key as it is kept: wrapped under the recovery key, and under the password or by KMS.

    `kdf` and `wrapped` are there for people who have a password, `wrapped_by_kms` for those who have none. `new_salt`
    takes the place of a person's `key_salt` by which nothing can be derived, as old software left it.
    """

    wrapped_for_recovery: str
    kdf: dict[str, Any] | None = None
    wrapped: str | None = None
    wrapped_by_kms: str | None = None
    version: int = 1
    new_salt: bytes | None = None


def audio_key_attributes(audio_key: AudioKey) -> Item:
    """The attributes that hold an audio key; None for what this one has not."""
    return {
        "kdf": audio_key.kdf,
        "wrapped_audio_key": audio_key.wrapped,
        "kms_wrapped_audio_key": audio_key.wrapped_by_kms,
        "recovery_wrapped_audio_key": audio_key.wrapped_for_recovery,
        "audio_key_version": audio_key.version,
        **({"key_salt": b64encode(audio_key.new_salt).decode()} if audio_key.new_salt else {}),
    }


def recovery_mark(kept: AudioKey) -> str:
    """What stands for the recovery key under which an audio key is wrapped; another recovery key has another."""
    return sha256(kept.wrapped_for_recovery.encode()).hexdigest()[:16]


def audio_key_is(kept: AudioKey | None) -> Condition:
    """That the audio key is wrapped as it was read, or that there still is none."""
    if kept is None:
        return Attr("audio_key_version").not_exists()
    same: Condition = Attr("recovery_wrapped_audio_key").eq(kept.wrapped_for_recovery)
    return same & Attr("audio_key_version").eq(kept.version)


def audio_key_of(item: Item) -> AudioKey | None:
    """The audio key of a person's item; none if no key was made yet."""
    if "audio_key_version" not in item:
        return None
    return AudioKey(
        kdf=item.get("kdf"),
        wrapped=item.get("wrapped_audio_key"),
        wrapped_by_kms=item.get("kms_wrapped_audio_key"),
        wrapped_for_recovery=item["recovery_wrapped_audio_key"],
        version=item["audio_key_version"],
    )
