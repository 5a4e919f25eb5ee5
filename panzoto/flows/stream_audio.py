"""Somebody listens to a recording: plaintext streams to them, verified piece by piece, and is kept nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from panzoto.counters import DECRYPTED_BYTES
from panzoto.crypto.content_tokens import Grant, Holder
from panzoto.crypto.streaming.audio import FileDecryptor
from panzoto.crypto.streaming.layout import AUDIO
from panzoto.deps import Deps
from panzoto.errors import ContentTokenNeeded
from panzoto.models.audio_files import AudioFile

from ._audit import record
from ._recordings import own
from ._sealed_files import Sealed, audio_key_for, opened, prove, refusals_noted
from .authenticate import Caller
from .client import Client


@dataclass(frozen=True, kw_only=True)
class Allowed:
    """A recording that may be streamed for a while, and the token for it."""

    file: AudioFile
    sealed: Sealed
    expires_at: datetime
    token: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Content:
    """A recording that its owner may hear; `sealed` was found whole to its end when it was allowed."""

    file: AudioFile
    sealed: Sealed


def allow_content(deps: Deps, caller: Caller, file_id: str, password: str | None, client: Client) -> Allowed:
    """Let this session stream a recording for a few minutes. Nothing is written but an event: the token is the proof.

    The last segment is opened now, once: it alone proves how long the file is. S3's mark of the file is in the token,
    so that all that is streamed with it is of this very file.
    """
    now = deps.clock()
    prove(deps, caller, password, client, now)
    file = own(deps, caller, file_id, AudioFile)
    sealed = _whole(deps, caller, file, password, client)
    # what a token says of its time has no fractions
    expires_at = now.replace(microsecond=0) + timedelta(seconds=1) + deps.config.content_token_expiry
    grant = Grant(expires_at=expires_at, size=sealed.size, header=sealed.header, etag=sealed.etag, key=sealed.key)
    token = deps.content_tokens.seal(grant, _holder(caller, file_id))
    details = {"file_id": file_id, "s3_key": file.s3_key}
    record(deps, caller.user.user_id, "audio_opened", client, now, details, in_feed=False)
    return Allowed(file=file, sealed=sealed, expires_at=expires_at, token=token)


def open_content(deps: Deps, caller: Caller, file_id: str, token: str | None, client: Client) -> Content:
    """A recording to be streamed, by its token. Without a password a sign-in of a moment ago does as well."""
    now = deps.clock()
    file = own(deps, caller, file_id, AudioFile)
    if token is not None:
        grant = deps.content_tokens.open(token, _holder(caller, file_id), now)
        sealed = Sealed(s3_key=file.s3_key, size=grant.size, etag=grant.etag, header=grant.header, key=grant.key)
        return Content(file=file, sealed=sealed)
    if caller.user.password_hash is not None:
        raise ContentTokenNeeded
    prove(deps, caller, None, client, now)
    return Content(file=file, sealed=_whole(deps, caller, file, None, client))


def _whole(deps: Deps, caller: Caller, file: AudioFile, password: str | None, client: Client) -> Sealed:
    """The file of a recording, found to end where it should."""
    with refusals_noted(deps, caller.user.user_id, file.file_id, client, "content"):
        sealed = opened(deps, file, audio_key_for(deps, caller, file, password))
        span = AUDIO.last_span(sealed.size)
        with deps.decrypting.passing(), deps.objects.read(file.s3_key, sealed.etag, span.start, span.stop) as body:
            for _ in FileDecryptor(sealed.key).decrypt_span(span, sealed.header, body):
                continue
    return sealed


def _holder(caller: Caller, file_id: str) -> Holder:
    return Holder(caller.user.user_id, caller.holder, file_id)


class Stream:
    """A part of a recording, from `start` to before `stop`, of at least a byte. It holds a place until it is closed.

    The first piece is verified before anything is answered. What is wrong later is raised: whoever sends it breaks off.
    """

    def __init__(self, deps: Deps, content: Content, start: int, stop: int, client: Client) -> None:
        self._deps, self._content, self._client = deps, content, client
        self._left = ExitStack()
        self._pieces: Iterator[bytes] = iter(())
        try:
            with self._noted():
                self._left.enter_context(deps.decrypting.passing())
                self._pieces = self._open(start, stop)
                self._first: bytes | None = next(self._pieces)
        except BaseException:
            self.close()
            raise

    def __next__(self) -> bytes:
        if self._first is not None:
            piece, self._first = self._first, None
        else:
            with self._noted():
                piece = next(self._pieces)
        DECRYPTED_BYTES.labels("content").inc(len(piece))
        return piece

    def close(self) -> None:
        """Let go of the place and of what is still on its way from S3, however far it is."""
        self._left.close()

    def _open(self, start: int, stop: int) -> Iterator[bytes]:
        sealed = self._content.sealed
        span = AUDIO.span(start, stop, sealed.size)
        body = self._left.enter_context(self._deps.objects.read(sealed.s3_key, sealed.etag, span.start, span.stop))
        return FileDecryptor(sealed.key).decrypt_span(span, sealed.header, body)

    def _noted(self) -> AbstractContextManager[None]:
        file = self._content.file
        return refusals_noted(self._deps, file.user_id, file.file_id, self._client, "content")
