"""Somebody deletes a recording."""

from __future__ import annotations

from dataclasses import replace

from panzoto.deps import Deps
from panzoto.models import object_keys
from panzoto.models.audio_files import AudioFile, Leaving

from ._audit import event
from ._recordings import own, remove
from .authenticate import Caller
from .client import Client


def delete_audio(deps: Deps, caller: Caller, file_id: str, client: Client) -> None:
    """Delete a recording: its object and its record.

    Commit point: the mark, with which it leaves every list. A crash after it is finished by whoever asks again, or by
    `flask audio sweep`.
    """
    now = deps.clock()
    state = own(deps, caller, file_id, AudioFile, Leaving)
    if isinstance(state, AudioFile) and _is_shared(deps, state):
        state = replace(state, owns_object=False)
    leaving = deps.audio_files.begin_deletion(state, now)
    if isinstance(state, AudioFile):
        details = {"file_id": file_id, "s3_key": state.s3_key}
        deps.audit.record(event(caller.user.user_id, "audio_deleted", client, now, details, in_feed=False))
    remove(deps, leaving)


def _is_shared(deps: Deps, file: AudioFile) -> bool:
    """Whether another record names the same key: the seed made one for each time that an app told of it.

    Ids of ours follow from their keys, so that there is no second; those are not looked up.
    """
    if file.file_id == object_keys.file_id_of(file.s3_key):
        return False
    return any(each.file_id != file.file_id for each in deps.audio_files.with_key(file.s3_key))
