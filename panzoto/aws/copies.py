"""Decrypted copies, written part by part as they come, encrypted by KMS; of one that breaks off nothing is left."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from io import BytesIO
from typing import TYPE_CHECKING, Any

from panzoto.errors import StorageUnavailable

from .multipart import Multipart, Part
from .storing import asking, unavailable

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

MOST_PARTS = 10_000
MIB = 2**20

Begun = Callable[[str], None]


class Copies:
    """Writes objects of one bucket. Of each, a part is in memory and no more, however long it is."""

    def __init__(self, client: S3Client, bucket: str, part_bytes: int, kms_key: str) -> None:
        self._client, self._bucket, self._part_bytes = client, bucket, part_bytes
        self._multipart = Multipart(client, bucket)
        key: dict[str, Any] = {"SSEKMSKeyId": kms_key, "BucketKeyEnabled": True}
        self._sealed = {"ServerSideEncryption": "aws:kms", **key}

    def write(self, key: str, pieces: Iterable[bytes], length: int, begun: Begun = lambda _: None) -> None:
        """Keep what the pieces are together, which has this length, under a key that nobody else writes to.

        Where they end with an error there is no object, and no part of one. `begun` hears the id of an upload in parts
        before its first part: whoever takes over from a process that was killed gives it up.
        """
        size = max(self._part_bytes, -(-length // (MOST_PARTS * MIB)) * MIB)
        parts = _parts(pieces, size)
        first = next(parts)
        if first.getbuffer().nbytes < size:
            with asking():
                self._client.put_object(Bucket=self._bucket, Key=key, Body=first, **self._sealed)
            return
        upload_id = self._begin(key)
        try:
            begun(upload_id)
            sent = [self._send(key, upload_id, 1, first)]
            sent += [self._send(key, upload_id, number, part) for number, part in enumerate(parts, 2)]
            self._multipart.complete(key, upload_id, sent)
            self._check(key, length)
        except BaseException:
            with suppress(StorageUnavailable):  # what cannot be given up now is given up by the sweep
                self._multipart.abort(key, upload_id)
            raise

    def keep(self, key: str, data: bytes) -> None:
        """Keep a small object."""
        with asking():
            self._client.put_object(Bucket=self._bucket, Key=key, Body=data, **self._sealed)

    def _begin(self, key: str) -> str:
        with asking():
            return self._client.create_multipart_upload(Bucket=self._bucket, Key=key, **self._sealed)["UploadId"]

    def _send(self, key: str, upload_id: str, number: int, part: BytesIO) -> Part:
        with asking():
            sent = self._client.upload_part(
                Bucket=self._bucket, Key=key, UploadId=upload_id, PartNumber=number, Body=part
            )
        return Part(number=number, size=part.getbuffer().nbytes, etag=sent["ETag"])

    def _check(self, key: str, length: int) -> None:
        """Raise unless the object is there: an upload that S3 does not know any more may be complete, or given up."""
        with asking():
            if self._client.head_object(Bucket=self._bucket, Key=key)["ContentLength"] != length:
                raise unavailable()


def _parts(pieces: Iterable[bytes], size: int) -> Iterator[BytesIO]:
    """The same bytes in parts of that size; the last is shorter, and is there alone where there are no bytes.

    It is one room that is filled again and again: a part lasts until the next is asked for.
    """
    room, is_first = BytesIO(), True
    for piece in pieces:
        rest = memoryview(piece)
        while len(rest) >= (space := size - room.tell()):
            room.write(rest[:space])
            rest, is_first = rest[space:], False
            room.seek(0)
            yield room
            room.seek(0)
        room.write(rest)
    if room.tell() or is_first:
        room.truncate()
        room.seek(0)
        yield room
