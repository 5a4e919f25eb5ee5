"""What is in objects, read by range as it arrives, and only as long as the object is the one that was looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from botocore.exceptions import ClientError, IncompleteReadError

from panzoto.errors import Conflict

from .bucket import ABSENT
from .storing import asking, code, unavailable

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from types_boto3_s3 import S3Client

# An object of no bytes has no range; one that was replaced is not the one that was asked for.
EMPTY, REPLACED = "InvalidRange", "PreconditionFailed"


@dataclass(frozen=True, kw_only=True)
class Beginning:
    """How an object begins, how long it is, and the mark by which S3 knows it from what takes its place."""

    first: bytes
    size: int
    etag: str


class Reading:
    """A part of an object on its way. It is closed when it is done with, or its connection is lost to others."""

    def __init__(self, body: StreamingBody) -> None:
        self._body = body

    def readinto(self, room: memoryview, /) -> int:
        """Put some bytes into a room; 0 is the end of the part, never an end that came too early."""
        with asking():
            try:
                return self._body.readinto(room)  # type: ignore[arg-type]
            except IncompleteReadError as fault:
                raise unavailable() from fault

    def read(self, size: int, /) -> bytes:
        """At most so many bytes."""
        room = bytearray(size)
        return bytes(room[: self.readinto(memoryview(room))])

    def close(self) -> None:
        """Let go of the connection."""
        self._body.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Objects:
    """The objects of one bucket, to be read."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def beginning(self, key: str, count: int) -> Beginning | None:
        """How an object begins: at most so many bytes of it; None where there is none."""
        with asking():
            try:
                got = self._client.get_object(Bucket=self._bucket, Key=key, Range=f"bytes=0-{count - 1}")
            except ClientError as fault:
                if code(fault) in ABSENT:
                    return None
                if code(fault) == EMPTY:
                    return Beginning(first=b"", size=0, etag="")
                raise
        with Reading(got["Body"]) as body:
            first = body.read(count)
        return Beginning(first=first, size=int(got["ContentRange"].rpartition("/")[2]), etag=got["ETag"])

    def read(self, key: str, etag: str, start: int, stop: int) -> Reading:
        """The bytes from `start` to before `stop`; `Conflict` when the object is another one by now, or gone."""
        with asking():
            try:
                got = self._client.get_object(
                    Bucket=self._bucket, Key=key, IfMatch=etag, Range=f"bytes={start}-{stop - 1}"
                )
            except ClientError as fault:
                if code(fault) in {REPLACED, EMPTY, *ABSENT}:
                    raise Conflict from fault
                raise
        return Reading(got["Body"])

    def whole(self, key: str, most: int) -> bytes | None:
        """A small object; None where there is none, or where it is larger than that."""
        with asking():
            try:
                got = self._client.get_object(Bucket=self._bucket, Key=key)
            except ClientError as fault:
                if code(fault) in ABSENT:
                    return None
                raise
        with Reading(got["Body"]) as body:
            if got["ContentLength"] > most:
                return None
            data = bytearray()
            while piece := body.read(most):
                data += piece
        return bytes(data)
