"""Uploads in parts: begun, looked at, put together, given up. S3 knows which parts have arrived."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from panzoto.errors import Conflict

from .bucket import FILE_ID
from .storing import asking, code

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

GONE, CHANGED = "NoSuchUpload", "InvalidPart"


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part that has arrived."""

    number: int
    size: int
    etag: str


@dataclass(frozen=True, kw_only=True)
class Begun:
    """An upload in parts that was neither put together nor given up."""

    key: str
    upload_id: str
    started_at: datetime


class Multipart:
    """The uploads in parts of one bucket."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def begin(self, key: str, file_id: str, content_type: str) -> str:
        """Begin an upload; its id."""
        with asking():
            begun = self._client.create_multipart_upload(
                Bucket=self._bucket, Key=key, ContentType=content_type, Metadata={FILE_ID: file_id}
            )
        return begun["UploadId"]

    def parts(self, key: str, upload_id: str) -> list[Part] | None:
        """The parts that have arrived, in order; None when S3 does not know the upload any more."""
        found: list[Part] = []
        pages = self._client.get_paginator("list_parts")
        with asking():
            try:
                for page in pages.paginate(Bucket=self._bucket, Key=key, UploadId=upload_id):
                    found += [
                        Part(number=each["PartNumber"], size=each["Size"], etag=each["ETag"])
                        for each in page.get("Parts", [])
                    ]
            except ClientError as fault:
                if code(fault) == GONE:
                    return None
                raise
        return found

    def complete(self, key: str, upload_id: str, parts: list[Part]) -> None:
        """Put the parts together. That it was done before is no fault: the object tells.

        `Conflict` is raised when one of them was sent again since they were listed.
        """
        together = [{"PartNumber": each.number, "ETag": each.etag} for each in parts]
        with asking():
            try:
                self._client.complete_multipart_upload(
                    Bucket=self._bucket,
                    Key=key,
                    UploadId=upload_id,
                    MultipartUpload={"Parts": together},  # type: ignore[typeddict-item]
                )
            except ClientError as fault:
                if code(fault) == CHANGED:
                    raise Conflict("A part was sent again at this moment. Ask again.") from fault
                if code(fault) != GONE:
                    raise

    def abort(self, key: str, upload_id: str) -> None:
        """Give an upload up, with the parts that have arrived; that it is gone already is no fault."""
        with asking():
            try:
                self._client.abort_multipart_upload(Bucket=self._bucket, Key=key, UploadId=upload_id)
            except ClientError as fault:
                if code(fault) != GONE:
                    raise

    def under(self, prefix: str) -> Iterator[Begun]:
        """Every upload under a prefix that is still open, page by page."""
        pages = self._client.get_paginator("list_multipart_uploads")
        with asking():
            for page in pages.paginate(Bucket=self._bucket, Prefix=prefix):
                for each in page.get("Uploads", []):
                    yield Begun(key=each["Key"], upload_id=each["UploadId"], started_at=each["Initiated"])
