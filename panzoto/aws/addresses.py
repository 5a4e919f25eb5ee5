"""Addresses of S3 that work for a while, for one thing: what is sent there must be exactly what was signed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from .bucket import FILE_ID
from .storing import asking

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

# The condition that nothing is there yet, so that an address replaces nothing that was recorded.
ABSENT = "*"


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where to send something, and the headers to send it with, each of which is signed."""

    method: str
    url: str
    headers: dict[str, str]


class Addresses:
    """Signs addresses of one bucket. Signing asks S3 nothing."""

    def __init__(self, client: S3Client, bucket: str, *, upload: timedelta, download: timedelta) -> None:
        self._client = client
        self._bucket = bucket
        self._upload = int(upload.total_seconds())
        self._download = int(download.total_seconds())

    def to_put(self, key: str, file_id: str, size: int, content_type: str, sha256: str | None) -> Address:
        """Where a whole object is put, once: its type, its exact length and a checksum that is known are signed."""
        what: dict[str, Any] = {
            "Bucket": self._bucket,
            "Key": key,
            "ContentLength": size,
            "ContentType": content_type,
            "IfNoneMatch": ABSENT,
            "Metadata": {FILE_ID: file_id},
            **({"ChecksumSHA256": sha256} if sha256 else {}),
        }
        with asking():
            url = self._client.generate_presigned_url("put_object", Params=what, ExpiresIn=self._upload)
        headers = {
            "Content-Type": content_type,
            "Content-Length": str(size),
            "If-None-Match": ABSENT,
            f"x-amz-meta-{FILE_ID}": file_id,
            **({"x-amz-checksum-sha256": sha256} if sha256 else {}),
        }
        return Address(method="PUT", url=url, headers=headers)

    def to_put_part(self, key: str, upload_id: str, number: int, size: int) -> str:
        """Where one part is put: its number and its exact length are signed."""
        what = {"Bucket": self._bucket, "Key": key, "UploadId": upload_id, "PartNumber": number, "ContentLength": size}
        with asking():
            return self._client.generate_presigned_url("upload_part", Params=what, ExpiresIn=self._upload)

    def to_get(self, key: str, name: str) -> str:
        """Where an object is got. Whatever it is, a browser saves it under that name and shows nothing of it."""
        what = {
            "Bucket": self._bucket,
            "Key": key,
            "ResponseContentDisposition": f'attachment; filename="{name}"',
            "ResponseContentType": "application/octet-stream",
        }
        with asking():
            return self._client.generate_presigned_url("get_object", Params=what, ExpiresIn=self._download)
