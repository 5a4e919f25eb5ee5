"""S3 → decrypt → S3: how a decrypted copy comes about, of which nothing is left unless it was verified to its end."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Generator
from contextlib import closing
from datetime import datetime

from panzoto.counters import DECRYPTED_BYTES
from panzoto.crypto.streaming.audio import FileDecryptor
from panzoto.deps import Deps
from panzoto.errors import NotFound
from panzoto.models import object_keys
from panzoto.models.audio_files import AudioFile

from ._sealed_files import Sealed, still_there

Watch = Callable[[int], None]
Begun = Callable[[str], None]


def new_copy(user_id: str, file_id: str, s3_key: str) -> str:
    """The key of a copy that is about to be made. Each has one of its own, so that two of one recording never meet."""
    return f"{object_keys.decrypted_of(user_id, file_id)}{uuid.uuid4()}.{object_keys.ending(s3_key)}"


def copy(
    deps: Deps,
    owner: tuple[str, str],
    sealed: Sealed,
    key: str,
    *,
    watch: Watch = lambda _: None,
    begun: Begun = lambda _: None,
) -> None:
    """Decrypt a recording of its owner `(user_id, file_id)` to that key. `watch` hears how much is done.

    A copy that was finished while its recording was deleted is deleted as well: the deletion has looked for copies
    after it was written down, so that one of the two finds it.
    """
    user_id, file_id = owner
    with closing(_pieces(deps, sealed, watch)) as pieces:
        deps.copies.write(key, pieces, sealed.length, begun)
    if not still_there(deps, user_id, file_id, sealed.s3_key):
        deps.bucket.delete(key)
        raise NotFound
    DECRYPTED_BYTES.labels("copy").inc(sealed.length)


def _pieces(deps: Deps, sealed: Sealed, watch: Watch) -> Generator[bytes]:
    """The recording, each piece verified; it ends with an error unless the last is the last."""
    done = 0
    with deps.objects.read(sealed.s3_key, sealed.etag, 0, sealed.size) as body:
        for piece in FileDecryptor(sealed.key).decrypt(body):
            yield piece
            done += len(piece)
            watch(done)


def address_of(deps: Deps, file: AudioFile, key: str) -> tuple[str, datetime]:
    """Where a copy is got, and until when."""
    name = f"{file.file_id}.{object_keys.ending(file.s3_key)}"
    return deps.addresses.to_get(key, name), deps.clock() + deps.config.download_url_expiry
