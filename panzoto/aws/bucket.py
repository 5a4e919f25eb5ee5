"""The bucket of the recordings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from panzoto.errors import StorageUnavailable

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import ObjectIdentifierTypeDef

RETRY_AFTER = 5


class Bucket:
    """One bucket."""

    def __init__(self, client: S3Client, name: str) -> None:
        self._client = client
        self.name = name

    def empty(self, prefix: str) -> int:
        """Delete every object under a prefix, all versions of it; how many there were."""
        deleted = 0
        try:
            for page in self._client.get_paginator("list_object_versions").paginate(Bucket=self.name, Prefix=prefix):
                found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
                if not found:
                    continue
                objects: list[ObjectIdentifierTypeDef] = [
                    {"Key": each["Key"], "VersionId": each["VersionId"]} for each in found
                ]
                answer = self._client.delete_objects(Bucket=self.name, Delete={"Objects": objects, "Quiet": True})
                if answer.get("Errors"):
                    raise StorageUnavailable(retry_after=RETRY_AFTER)
                deleted += len(objects)
        except (ClientError, BotoCoreError) as fault:
            raise StorageUnavailable(retry_after=RETRY_AFTER) from fault
        return deleted
