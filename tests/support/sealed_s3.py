"""An S3 that holds one long recording of silence, sealed as it is read: it takes no disk and no memory."""

from __future__ import annotations

import re
import select
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from panzoto.crypto.streaming.layout import AUDIO, PREFIX, TAG
from panzoto.crypto.streaming.segments import Segments, file_key

HEADER = bytes([AUDIO.header_bytes]) + bytes(AUDIO.key_bytes + PREFIX)
ETAG = '"a-recording-of-silence"'
SECONDS_WITHOUT_ROOM = 0.5


@dataclass
class Recording:
    """It is as long as it is said to be, under the key and the audio key that the service knows."""

    length: int
    audio_key: bytes = field(default=b"", repr=False)
    s3_key: str = ""
    damaged: int | None = None  # the segment in which a bit is wrong
    sent: int = 0
    # Nobody takes what is sent: all between here and the listener is full.
    held_back: threading.Event = field(default_factory=threading.Event)

    @property
    def size(self) -> int:
        """Of the sealed file."""
        return AUDIO.ciphertext_length(self.length)

    def bytes_from(self, start: int, stop: int) -> Iterator[memoryview]:
        """A range of the sealed file, by segments."""
        sealed = Segments(AUDIO, file_key(AUDIO, self.audio_key, self.s3_key.encode(), HEADER), HEADER)
        silence, size = memoryview(bytes(AUDIO.segment_bytes)), AUDIO.segment_bytes
        for index in range(start // size, -(-stop // size)):
            begins, ends = index * size, min((index + 1) * size, self.size)
            header = HEADER if index == 0 else b""
            clear = silence[: ends - begins - TAG - len(header)]
            segment = bytearray(header + sealed.seal(index, clear, ends == self.size))
            segment[-1] ^= index == self.damaged
            yield memoryview(segment)[max(start - begins, 0) : stop - begins]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    recording: Recording

    def do_GET(self) -> None:
        found = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers["Range"])
        assert found is not None
        start, stop = int(found[1]), min(int(found[2]) + 1, self.recording.size)
        self.send_response(206)
        self.send_header("ETag", ETAG)
        self.send_header("Content-Length", str(stop - start))
        self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{self.recording.size}")
        self.end_headers()
        for piece in self.recording.bytes_from(start, stop):
            if not select.select([], [self.connection], [], SECONDS_WITHOUT_ROOM)[1]:
                self.recording.held_back.set()
            self.connection.sendall(piece)
            self.recording.sent += len(piece)

    def do_POST(self) -> None:
        """Mail and the like: there is none here."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the name that the base gives it)
        """Say nothing."""


@contextmanager
def holding(recording: Recording) -> Iterator[str]:
    """The address of an S3 that holds it, until the block ends."""
    handler = type("Handler", (_Handler,), {"recording": recording})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join(10)
