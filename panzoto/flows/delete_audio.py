"""Somebody deletes a recording."""

from __future__ import annotations

from panzoto.deps import Deps
from panzoto.models.audio_files import AudioFile, Leaving

from ._audit import record
from ._recordings import own, remove
from .authenticate import Caller
from .client import Client


def delete_audio(deps: Deps, caller: Caller, file_id: str, client: Client) -> None:
    """Delete a recording: its object and its record.

    Commit point: the mark, with which it leaves every list. A crash after it is finished by whoever asks again, or by
    `flask audio sweep`; one before it has recorded a deletion that asking again does.
    """
    now = deps.clock()
    state = own(deps, caller, file_id, AudioFile, Leaving)
    if isinstance(state, AudioFile):  # before the mark: whoever finishes what a crash has interrupted tells nothing
        details = {"file_id": file_id, "s3_key": state.s3_key}
        record(deps, caller.user.user_id, "audio_deleted", client, now, details, in_feed=False)
    remove(deps, deps.audio_files.begin_deletion(state, now))
