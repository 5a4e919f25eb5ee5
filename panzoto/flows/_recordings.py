"""What the flows of recordings share: whose a recording is, and how one that is marked for it goes."""

from __future__ import annotations

from typing import TypeVar

from panzoto.deps import Deps
from panzoto.errors import NotFound
from panzoto.models.audio_files import Leaving, State

from .authenticate import Caller

Kind = TypeVar("Kind", bound=State)


def own(deps: Deps, caller: Caller, file_id: str, *kinds: type[Kind]) -> Kind:
    """The caller's recording, if it is in one of these states. Somebody else's is as one that there is not."""
    state = deps.audio_files.look(file_id)
    if not isinstance(state, kinds) or state.user_id != caller.user.user_id:
        raise NotFound
    return state


def remove(deps: Deps, leaving: Leaving) -> None:
    """Delete what S3 has of a recording that is marked, and the mark last. All of it may be done again."""
    if leaving.upload_id is not None:
        deps.multipart.abort(leaving.s3_key, leaving.upload_id)
    if leaving.owns_object:
        deps.bucket.delete(leaving.s3_key)
    deps.audio_files.finish_deletion(leaving.file_id)
