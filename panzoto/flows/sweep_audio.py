"""What crashes and lost phones have left of recordings: found, told of, and mended by whoever may.

Nothing is removed that did not come by this service, and of people who are here nothing that is recorded or young.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

from panzoto.aws.bucket import Listed
from panzoto.aws.multipart import Begun
from panzoto.deps import Deps
from panzoto.errors import PanzotoError, StoreRefused
from panzoto.models import object_keys
from panzoto.models.audio_file import from_item
from panzoto.models.audio_files import Leaving, State, Upload
from panzoto.models.store.wire import Item

from ._recordings import remove

# What may be wrong with one thing alone.
FAULTS = (PanzotoError, StoreRefused, KeyError, TypeError, ValueError)
Thing = TypeVar("Thing")


@dataclass(frozen=True)
class Leftover:
    """Something that is left, and what mends it; `is_doubtful` where only the lack of something else says so."""

    what: str
    mend: Callable[[], None]
    is_doubtful: bool = False


@dataclass(frozen=True)
class Unclear:
    """Something of which nobody can tell whether it is left, and why."""

    what: str
    fault: Exception


Found = Leftover | Unclear | None


def left_in_table(deps: Deps, items: Sequence[Item], now: datetime) -> Iterator[Found]:
    """Deletions that were interrupted, uploads that nobody went on with, and what people who are gone have left.

    None for each that is as it should be. An upload of somebody who is gone is left, however young it is.
    """
    people = _people(deps, [item["user_id"] for item in items if "user_id" in item])
    return _each(items, lambda item: item["file_id"], lambda item: _left_item(deps, item, people, now))


def left_in_parts(deps: Deps, begun: Sequence[Begun], now: datetime) -> Iterator[Found]:
    """Uploads in parts, of people who are here, that are old and that no upload of ours knows of."""
    known, people = _items(deps, [each.key for each in begun]), _owners(deps, [each.key for each in begun])

    def judge(each: Begun) -> Leftover | None:
        found = object_keys.issued(each.key)
        if found is None or found.user_id not in people or not _is_old(deps, each.started_at, now):
            return None
        if known.get(found.file_id, {}).get("upload_id") == each.upload_id:
            return None
        abort = partial(deps.multipart.abort, each.key, each.upload_id)
        return Leftover(f"{each.key}: its parts belong to no upload", abort, is_doubtful=True)

    return _each(begun, lambda each: each.key, judge)


def left_in_bucket(deps: Deps, objects: Sequence[Listed], now: datetime) -> Iterator[Found]:
    """Objects that are old, or whose owner is gone, that came by an address of ours, and that nobody has recorded."""
    known, people = _items(deps, [each.key for each in objects]), _owners(deps, [each.key for each in objects])

    def judge(each: Listed) -> Leftover | None:
        found = object_keys.issued(each.key)
        if found is None or (found.user_id in people and not _is_old(deps, each.modified, now)):
            return None
        item = known.get(found.file_id, {})
        if each.key in {item.get("s3_key"), item.get("object_key")} or not _is_ours(deps, each.key, found.file_id):
            return None
        # an item of another key has its id: nobody can record it, and the claim takes the id that nothing else has
        file_id = object_keys.derived_id(each.key) if item else found.file_id
        leaving = Leaving(file_id=file_id, user_id=found.user_id, s3_key=each.key, deleting_at=now)
        return Leftover(f"{each.key}: the object has no record", partial(_claim, deps, leaving), is_doubtful=True)

    return _each(objects, lambda each: each.key, judge)


def _each(
    things: Iterable[Thing], name: Callable[[Thing], str], judge: Callable[[Thing], Leftover | None]
) -> Iterator[Found]:
    """What is judged of each; one of which that cannot be done stops no other."""
    for thing in things:
        found: Found
        try:
            found = judge(thing)
        except FAULTS as fault:
            found = Unclear(name(thing), fault)
        yield found


def _left_item(deps: Deps, item: Item, people: set[str], now: datetime) -> Leftover | None:
    """What is left, if the item is that of something that is. Records of older software are not touched."""
    if "s3_key" in item and ("audio_key_version" not in item or item["user_id"] in people):
        return None
    state = from_item(item)
    if isinstance(state, Leaving):
        return Leftover(f"{state.file_id}: the deletion is finished", partial(remove, deps, state))
    is_upload = isinstance(state, Upload)
    is_old = _is_old(deps, state.started_at if isinstance(state, Upload) else state.uploaded_at, now)
    if not is_old and (state.user_id in people or not is_upload):
        return None
    what = "the upload was abandoned" if is_upload else "its owner is gone"
    drop = partial(_drop, deps, state, now)
    return Leftover(f"{state.file_id}: {what}", drop, is_doubtful=not is_upload or not is_old)


def _items(deps: Deps, keys: list[str]) -> dict[str, Item]:
    """The items of those keys, by their ids."""
    found = deps.audio_files.get_many([{"file_id": object_keys.file_id_of(each)} for each in keys])
    return {item["file_id"]: item for item in found}


def _owners(deps: Deps, keys: Iterable[str]) -> set[str]:
    """Those in whose part of the bucket the keys are, if they are here."""
    return _people(deps, [found.user_id for found in map(object_keys.issued, keys) if found])


def _people(deps: Deps, user_ids: Iterable[str]) -> set[str]:
    """Those of them who are here; whoever is being deleted still is."""
    return {item["user_id"] for item in deps.users.get_many([{"user_id": each} for each in user_ids])}


def _is_old(deps: Deps, at: datetime, now: datetime) -> bool:
    return now - at > deps.config.uploads_abandoned_after


def _is_ours(deps: Deps, key: str, file_id: str) -> bool:
    """Whether an object came by an address of ours, and no record that older software made names its key."""
    stored = deps.bucket.find(key)
    return stored is not None and stored.file_id == file_id and not deps.audio_files.with_key(key)


def _drop(deps: Deps, state: State, now: datetime) -> None:
    remove(deps, deps.audio_files.begin_deletion(state, now))


def _claim(deps: Deps, leaving: Leaving) -> None:
    """Marked first, so that whoever would record it at this moment hears that it goes."""
    deps.audio_files.claim(leaving)
    remove(deps, leaving)
