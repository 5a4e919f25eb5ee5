"""What crashes and lost phones have left of recordings: found, told of, and mended by whoever may.

Nothing is removed that did not come by this service, nothing that is recorded, and nothing that is not old.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from panzoto.aws.bucket import Listed
from panzoto.aws.multipart import Begun
from panzoto.deps import Deps
from panzoto.models import object_keys
from panzoto.models.audio_file import from_item
from panzoto.models.audio_files import Leaving, Upload
from panzoto.models.store.wire import Item

from ._recordings import remove


@dataclass(frozen=True)
class Leftover:
    """Something that is left, and what mends it."""

    what: str
    mend: Callable[[], None]


def left_in_table(deps: Deps, items: Iterable[Item], now: datetime) -> Iterator[Leftover | None]:
    """Deletions that were interrupted, and uploads that nobody went on with; None for each that is as it should be.

    An upload of somebody who is gone is left, however young it is.
    """
    for item in items:
        state = None if "s3_key" in item else from_item(item)  # what has a key is a record, and is not touched
        if isinstance(state, Leaving):
            yield Leftover(f"{state.file_id}: the deletion is finished", partial(remove, deps, state))
        elif isinstance(state, Upload) and _is_abandoned(deps, state, now):
            yield Leftover(f"{state.file_id}: the upload was abandoned", partial(_drop, deps, state, now))
        else:
            yield None


def left_in_parts(deps: Deps, begun: Sequence[Begun], now: datetime) -> Iterator[Leftover | None]:
    """Uploads in parts that are old and that no upload of ours knows of."""
    known = _items(deps, [each.key for each in begun])
    for each in begun:
        found = object_keys.issued(each.key)
        is_known = found is None or known.get(found.file_id, {}).get("upload_id") == each.upload_id
        if is_known or not _is_old(deps, each.started_at, now):
            yield None
        else:
            abort = partial(deps.multipart.abort, each.key, each.upload_id)
            yield Leftover(f"{each.key}: its parts belong to no upload", abort)


def left_in_bucket(deps: Deps, objects: Sequence[Listed], now: datetime) -> Iterator[Leftover | None]:
    """Objects that are old, that came by an address of ours, and that nobody has recorded."""
    known = _items(deps, [each.key for each in objects])
    for each in objects:
        found = object_keys.issued(each.key)
        young = not _is_old(deps, each.modified, now)
        if found is None or young or found.file_id in known or not _is_ours(deps, each.key, found.file_id):
            yield None
        else:
            leaving = Leaving(file_id=found.file_id, user_id=found.user_id, s3_key=each.key, deleting_at=now)
            yield Leftover(f"{each.key}: the object has no record", partial(_claim, deps, leaving))


def _items(deps: Deps, keys: list[str]) -> dict[str, Item]:
    """The items of those keys, by their ids."""
    found = deps.audio_files.get_many([{"file_id": object_keys.file_id_of(each)} for each in keys])
    return {item["file_id"]: item for item in found}


def _is_old(deps: Deps, at: datetime, now: datetime) -> bool:
    return now - at > deps.config.uploads_abandoned_after


def _is_abandoned(deps: Deps, upload: Upload, now: datetime) -> bool:
    """Whether nobody will go on with an upload."""
    return _is_old(deps, upload.started_at, now) or deps.users.find(upload.user_id) is None


def _is_ours(deps: Deps, key: str, file_id: str) -> bool:
    """Whether an object came by an address of ours, and no record that older software made names its key."""
    stored = deps.bucket.find(key)
    return stored is not None and stored.file_id == file_id and not deps.audio_files.with_key(key)


def _drop(deps: Deps, upload: Upload, now: datetime) -> None:
    remove(deps, deps.audio_files.begin_deletion(upload, now))


def _claim(deps: Deps, leaving: Leaving) -> None:
    """Marked first, so that whoever would record it at this moment hears that it goes."""
    deps.audio_files.claim(leaving)
    remove(deps, leaving)
