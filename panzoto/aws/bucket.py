"""The objects of the bucket: looked up, listed, deleted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from .storing import asking, code, unavailable

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import ObjectIdentifierTypeDef

# The metadata by which an object is known to have come by an address of ours.
FILE_ID = "file-id"
ABSENT = frozenset({"404", "NoSuchKey"})


@dataclass(frozen=True, kw_only=True)
class StoredObject:
    """An object as S3 has it; `file_id` is there when it came by an address of ours."""

    size: int
    file_id: str | None


@dataclass(frozen=True, kw_only=True)
class Listed:
    """An object in a list."""

    key: str
    modified: datetime


class Bucket:
    """One bucket."""

    def __init__(self, client: S3Client, name: str) -> None:
        self._client = client
        self.name = name

    def find(self, key: str) -> StoredObject | None:
        """What is stored under a key. S3 tells what was written a moment ago, always."""
        with asking():
            try:
                head = self._client.head_object(Bucket=self.name, Key=key)
            except ClientError as fault:
                if code(fault) not in ABSENT:
                    raise
                self._client.head_bucket(Bucket=self.name)  # a missing bucket is the same 404: a HEAD has no words
                return None
        return StoredObject(size=head["ContentLength"], file_id=head["Metadata"].get(FILE_ID))

    def under(self, prefix: str) -> Iterator[Listed]:
        """Every object under a prefix, page by page."""
        with asking():
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix):
                for each in page.get("Contents", []):
                    yield Listed(key=each["Key"], modified=each["LastModified"])

    def delete(self, key: str) -> None:
        """Delete an object, all versions of it; that there is none is no fault."""
        self._delete_versions(key, lambda found: found == key)

    def empty(self, prefix: str) -> int:
        """Delete every object under a prefix, all versions of it; how many there were."""
        return self._delete_versions(prefix, lambda _: True)

    def _delete_versions(self, prefix: str, wanted: Callable[[str], bool]) -> int:
        deleted = 0
        with asking():
            while True:  # from the beginning each time: what was listed before is gone
                page = self._client.list_object_versions(Bucket=self.name, Prefix=prefix)
                found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
                objects: list[ObjectIdentifierTypeDef] = [
                    {"Key": each["Key"], "VersionId": each["VersionId"]} for each in found if wanted(each["Key"])
                ]
                if objects:
                    answer = self._client.delete_objects(Bucket=self.name, Delete={"Objects": objects, "Quiet": True})
                    if answer.get("Errors"):
                        raise unavailable()
                    deleted += len(objects)
                # keys come in order, a key itself before all that begin like it
                if not objects or len(objects) < len(found) or not page["IsTruncated"]:
                    return deleted
