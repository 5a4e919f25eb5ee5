"""What the flows of recordings share: whose a recording is, and how one that is marked for it goes."""

from __future__ import annotations

from typing import TypeVar

from panzoto.deps import Deps
from panzoto.errors import NotFound
from panzoto.models import object_keys
from panzoto.models.audio_files import Leaving, State

from .authenticate import Caller

Kind = TypeVar("Kind", bound=State)


def own(deps: Deps, caller: Caller, file_id: str, *kinds: type[Kind]) -> Kind:
    """The caller's recording, if it is in one of these states. Somebody else's is as one that there is not."""
    state = deps.audio_files.look(file_id)
    if not isinstance(state, kinds) or state.user_id != caller.user_id:
        raise NotFound
    return state


def remove(deps: Deps, leaving: Leaving) -> None:
    """Delete what S3 has of a recording that is marked, and the mark last. All of it may be done again.

    It is looked at once more: since it was marked somebody may have finished this, uploaded it and recorded it anew.
    """
    still = deps.audio_files.look(leaving.file_id)
    if not isinstance(still, Leaving):
        return
    if still.upload_id is not None:
        deps.multipart.abort(still.s3_key, still.upload_id)
    if still.owns_object and not _is_shared(deps, still):
        deps.bucket.delete(still.s3_key)
    remove_copies(deps, object_keys.decrypted_of(still.user_id, still.file_id))
    deps.bucket.delete(object_keys.transcript_of(still.user_id, still.file_id))
    deps.audio_files.finish_deletion(still.file_id)


def _is_shared(deps: Deps, leaving: Leaving) -> bool:
    """Whether another record owns the same object: the seed made one for each time that an app told of it.

    Of two that are deleted at once the later sees that the other is marked. Keys that we made are recorded here alone,
    under the id that they name: those are not looked up.
    """
    made = object_keys.issued(leaving.s3_key)
    is_alone = made is not None and made.file_id == leaving.file_id
    return not is_alone and bool(deps.audio_files.owning(leaving.s3_key))


def remove_copies(deps: Deps, prefix: str) -> None:
    """Delete what was decrypted, below a prefix, and give up what is being written there."""
    for begun in deps.multipart.under(prefix):
        deps.multipart.abort(begun.key, begun.upload_id)
    deps.bucket.empty(prefix)
