"""The table of recordings. The id of each follows from its key, so that the primary key claims the key for one person.

An upload, a record and what is being deleted take each other's place under conditions: of two who cross, one wins.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from panzoto.errors import AnotherFile, Conflict, FileLost, KeyTaken, NotFound
from panzoto.tally import TODAY, Tally

from .audio_file import AudioFile, Leaving, State, Upload, from_item, record_of, to_item
from .auth_state.figures import TOTAL
from .counted import PERSON
from .spec import AUDIO_FILES, fits
from .store.expressions import Attr, Condition, Key
from .store.gateway import Gateway
from .store.wire import Item
from .table import Table

__all__ = ["AudioFile", "AudioFiles", "AudioPage", "Leaving", "State", "Upload", "same"]

BY_PERSON, BY_KEY = "user-files-index", "s3-key-index"


@dataclass(frozen=True)
class AudioPage:
    """Some recordings of a list, and the cursor that goes on after them."""

    files: list[AudioFile]
    cursor: str | None


class AudioFiles(Table):
    """The table of recordings."""

    spec = AUDIO_FILES

    def __init__(self, gateway: Gateway, name: str, tally: Tally) -> None:
        super().__init__(gateway, name)
        self._tally = tally

    def look(self, file_id: str) -> State | None:
        """What is known under an id, read consistently."""
        item = self.get({"file_id": file_id})
        return from_item(item) if item else None

    def page(self, user_id: str, *, limit: int, cursor: str | None) -> AudioPage:
        """A person's recordings, newest first, as the index knows them: it follows within a second, as a rule."""
        where = Key("user_id").eq(user_id)
        found = self.query(where, index=BY_PERSON, newest_first=True, limit=limit, cursor=cursor)
        return AudioPage([record_of(item) for item in found.items], found.cursor)

    def of(self, user_id: str) -> Iterator[Item]:
        """Every record of a person, newest first, as it is kept."""
        return self.query_all(Key("user_id").eq(user_id), index=BY_PERSON, newest_first=True)

    def with_key(self, s3_key: str) -> list[AudioFile]:
        """The records that name a key, as far as the index knows them: older software gave them ids of any kind."""
        found = self.query_all(Key("s3_key").eq(s3_key), index=BY_KEY) if fits(s3_key) else ()
        return [record_of(item) for item in found]

    def begin(self, upload: Upload) -> None:
        """Keep an upload, whose id is new."""
        self.put(to_item(upload), when=Attr("file_id").not_exists())

    def identify(self, upload: Upload, checksum_sha256: str) -> Upload:
        """Keep which file an upload is of, once: whoever names another hears so."""
        known = replace(upload, checksum_sha256=checksum_sha256)
        free = Attr("checksum_sha256").not_exists() | Attr("checksum_sha256").eq(checksum_sha256)
        still = _is(upload, "object_key") & Attr("started_at").exists()
        self.put(to_item(known), when=still & free, otherwise=_another)
        return known

    def owning(self, s3_key: str) -> list[AudioFile]:
        """The records that own the object under a key: the index finds them, a consistent read of each decides."""
        found = self.get_many([{"file_id": each.file_id} for each in self.with_key(s3_key)])
        records = [record_of(item) for item in found if item.get("s3_key") == s3_key]
        return [each for each in records if each.owns_object]

    def record(self, file: AudioFile, of: Upload | None) -> AudioFile:
        """Make the record, once, of the upload that was read or of a key that nobody had; else the one that is there.

        An upload that was read and is gone took its object along, so that there is nothing to record.
        """
        uploaded = _is(file, "object_key") & Attr("started_at").exists()
        try:
            self.put(to_item(file), when=uploaded if of else Attr("file_id").not_exists(), otherwise=_occupied)
        except _Occupied as occupied:
            return same(occupied.state, file.user_id, file.s3_key)
        self._count(file, 1)
        return file

    def count_deleted(self, file: AudioFile) -> None:
        """Count a recording that is not there any more."""
        self._count(file, -1)

    def begin_deletion(self, state: State, now: datetime) -> Leaving:
        """Take a recording out of every list, if it still is what was read, and count that.

        Whoever comes second goes on with what the first has begun.
        """
        leaving = Leaving(
            file_id=state.file_id,
            user_id=state.user_id,
            s3_key=state.s3_key,
            deleting_at=now,
            upload_id=None if isinstance(state, AudioFile) else state.upload_id,
            owns_object=isinstance(state, Upload) or state.owns_object,
        )
        still = _is(state, "s3_key" if isinstance(state, AudioFile) else "object_key")
        try:
            self.put(to_item(leaving), when=still, otherwise=_changed)
        except _Occupied as occupied:
            return _begun(occupied.state, state)
        if isinstance(state, AudioFile):
            self.count_deleted(state)
        return leaving

    def claim(self, leaving: Leaving) -> None:
        """Mark as leaving what there is no item of, so that nobody records it meanwhile."""
        self.put(to_item(leaving), when=Attr("file_id").not_exists())

    def finish_deletion(self, file_id: str) -> None:
        """Delete the item of a recording whose object is gone; that somebody else was first is no fault."""
        gone = Attr("deleting_at").exists() | Attr("file_id").not_exists()
        self.delete({"file_id": file_id}, when=gone, otherwise=FileLost)

    def forget(self, file_ids: list[str]) -> None:
        """Delete items; their objects are deleted first."""
        self.write_many(deletes=[{"file_id": each} for each in file_ids])

    def _count(self, file: AudioFile, sign: int) -> None:
        """Count a recording and its bytes: of that person, of today, and altogether."""
        for about in (f"{PERSON}{file.user_id}", TODAY, TOTAL):
            self._tally.count("audio_files", sign, about=about)
            self._tally.count("audio_bytes", sign * (file.file_size or 0), about=about)


class _Occupied(Exception):
    """There is something under the id that cannot become the record."""

    def __init__(self, state: State) -> None:
        super().__init__()
        self.state = state


def _occupied(item: Item | None) -> Exception:
    return Conflict("This upload has been given up. Begin another.") if item is None else _Occupied(from_item(item))


def _another(item: Item | None) -> Exception:
    is_upload = item is not None and isinstance(from_item(item), Upload)
    return AnotherFile() if is_upload else NotFound()


def _changed(item: Item | None) -> Exception:
    return NotFound() if item is None else _Occupied(from_item(item))


def _begun(found: State, of: State) -> Leaving:
    """The deletion that somebody else has begun of the same."""
    if not isinstance(found, Leaving) or (found.user_id, found.s3_key) != (of.user_id, of.s3_key):
        raise NotFound
    return found


def _is(state: State, name: str) -> Condition:
    """That the item is the same person's, of the same key, in a state that keeps it under this name."""
    return Attr("user_id").eq(state.user_id) & Attr(name).eq(state.s3_key)


def same(state: State, user_id: str, s3_key: str) -> AudioFile:
    """The record that is there, if it is this person's of this key; otherwise what stands in the way."""
    if (state.user_id, state.s3_key) != (user_id, s3_key) or isinstance(state, Upload):
        raise KeyTaken
    if isinstance(state, AudioFile):
        return state
    raise Conflict("This recording is being deleted. Wait a moment before you record it again.")
