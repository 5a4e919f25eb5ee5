"""The answer that streams a recording: of its exact length, or broken off when a piece is not as it should be."""

from __future__ import annotations

import errno
from collections.abc import Iterable, Iterator
from hashlib import sha256
from urllib.parse import quote

import structlog
from flask import Response, g, request

from panzoto.errors import PanzotoError
from panzoto.flows.client import Client
from panzoto.flows.stream_audio import Content, Stream
from panzoto.models import object_keys
from panzoto.web.ranges import Part, wanted
from panzoto.web.requests import deps

# How long a client may take no byte; it holds a thread and a place meanwhile.
SECONDS_FOR_A_PIECE = 30.0
UNKNOWN = "application/octet-stream"

log = structlog.get_logger()


class CutOff(ConnectionResetError):
    """The connection ends before the answer does: nobody takes a part for the whole. The server logs no trace of it."""

    def __init__(self) -> None:
        super().__init__(errno.ECONNRESET, "the recording breaks off")


def streamed(content: Content, client: Client) -> Response:
    """The recording, or the range of it that is asked for. Its first piece is verified before a status is chosen."""
    length, etag = content.sealed.length, etag_of(content)
    part = wanted(request.headers, etag, length)
    pieces: Iterable[bytes] = ()
    if part.start < part.stop:
        pieces = _Pieces(Stream(deps(), content, part.start, part.stop, client), g.request_id)
    response = Response(pieces, 206 if part.is_range else 200, direct_passthrough=True)
    response.headers["Content-Type"] = content.file.content_type or UNKNOWN
    response.headers["Content-Length"] = str(part.stop - part.start)
    response.headers.update(_headers(content, etag, part, length))
    if (connection := request.environ.get("gunicorn.socket")) is not None:
        connection.settimeout(SECONDS_FOR_A_PIECE)
    return response


def etag_of(content: Content) -> str:
    """A mark of the recording, by which a client knows that it is still the same; it says nothing of its own."""
    sealed = content.sealed
    return f'"{sha256(sealed.header + sealed.etag.encode()).hexdigest()[:32]}"'


def _headers(content: Content, etag: str, part: Part, length: int) -> dict[str, str]:
    """What else the answer says. Whatever the recording's type is, a browser runs nothing of it."""
    file = content.file
    plain = f"{file.file_id}.{object_keys.ending(file.s3_key)}" if file.file_id.isascii() else "recording"
    named = f"; filename*=UTF-8''{quote(file.filename, safe='')}" if file.filename else ""
    ranged = {"Content-Range": f"bytes {part.start}-{part.stop - 1}/{length}"} if part.is_range else {}
    return {
        "Accept-Ranges": "bytes",
        "ETag": etag,
        "Content-Disposition": f'attachment; filename="{_quotable(plain)}"{named}',
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Accel-Buffering": "no",  # a proxy's buffer may be a file
        **ranged,
    }


def _quotable(name: str) -> str:
    """A name without what ends a quotation or a header; ids that older software gave may hold anything."""
    return "".join(sign for sign in name if sign.isprintable() and sign not in '"\\')


class _Pieces:
    """The pieces as the server takes them. It closes them when the answer is out, or its client is gone."""

    def __init__(self, stream: Stream, request_id: str) -> None:
        self._stream, self._request_id = stream, request_id

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._stream)
        except PanzotoError as fault:
            log.warning("content_cut_off", why=type(fault).__name__, request_id=self._request_id)
            raise CutOff from fault

    def close(self) -> None:
        """Free what the stream holds."""
        self._stream.close()
