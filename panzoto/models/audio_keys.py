"""Audio keys as the items of people hold them: wrapped, never in clear."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .store.wire import Item


@dataclass(frozen=True, kw_only=True)
class AudioKey:
    """A person's audio key as it is kept: wrapped under the password, and under the recovery key. Never in clear."""

    kdf: dict[str, Any]
    wrapped: str
    wrapped_for_recovery: str
    version: int = 1


def audio_key_attributes(audio_key: AudioKey) -> Item:
    """The attributes that hold an audio key."""
    return {
        "kdf": audio_key.kdf,
        "wrapped_audio_key": audio_key.wrapped,
        "recovery_wrapped_audio_key": audio_key.wrapped_for_recovery,
        "audio_key_version": audio_key.version,
    }


def audio_key_of(item: Item) -> AudioKey | None:
    """The audio key of a person's item; none if no key was made yet."""
    if "wrapped_audio_key" not in item:
        return None
    return AudioKey(
        kdf=item["kdf"],
        wrapped=item["wrapped_audio_key"],
        wrapped_for_recovery=item["recovery_wrapped_audio_key"],
        version=item["audio_key_version"],
    )
