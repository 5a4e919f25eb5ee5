"""Records of recordings, one for each object in S3."""

from __future__ import annotations

from collections.abc import Iterator

from .spec import AUDIO_FILES
from .store.expressions import Key
from .store.wire import Item
from .table import Table

INDEX = "user-files-index"


class AudioFiles(Table):
    """The table of recordings."""

    spec = AUDIO_FILES

    def of(self, user_id: str) -> Iterator[Item]:
        """Every record of a person, newest first."""
        return self.query_all(Key("user_id").eq(user_id), index=INDEX, newest_first=True)

    def forget(self, file_ids: list[str]) -> None:
        """Delete records; their objects are deleted first."""
        self.write_many(deletes=[{"file_id": each} for each in file_ids])
