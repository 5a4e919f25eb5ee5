"""A recording of 64 MiB decrypted from memory: our decryptor, the tink package's stream, and AES-GCM by itself.

AES-GCM alone is `AESGCM.decrypt` over the same segments with the same nonces. Tink's stream is read by the MiB, and in
the steps in which it is quickest. The goals of ours are half the speed of AES-GCM and 1.8 times that of Tink's stream.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import BinaryIO

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from benchmarks.measuring import Measured, compare
from panzoto.crypto.streaming.audio import AudioDecryptor, AudioEncryptor
from panzoto.crypto.streaming.layout import AUDIO
from tests.crypto.streams import KEY, NAME, tinks

VERSIONS_OF = ("cryptography", "tink")
SEGMENTS, LONG = 64, 1024
MEBIBYTE = 2**20
PIECE = bytes(range(256)) * 4096
QUICKEST_FOR_TINK = 256 * 1024


def run() -> list[Measured]:
    """The three, and Tink's once more; a time of 1 is ours."""
    file = b"".join(AudioEncryptor(KEY, NAME).encrypt(_recording(SEGMENTS)))
    return compare(
        {
            "our decryptor": partial(_by_us, file),
            "AES-GCM alone": partial(_alone, *_segments(file)),
            "Tink's stream, by 1 MiB": partial(_by_tink, file, MEBIBYTE),
            "Tink's stream, by 256 KiB": partial(_by_tink, file, QUICKEST_FOR_TINK),
        }
    )


def notes() -> list[str]:
    """What a process takes more at its most while it decrypts a recording of 1 GiB from a file; Linux alone tells."""
    if sys.platform != "linux":
        return []
    with tempfile.NamedTemporaryFile() as file:
        for piece in AudioEncryptor(KEY, NAME).encrypt(_recording(LONG)):
            file.write(piece)
        file.flush()
        grown = subprocess.check_output([sys.executable, "-m", __name__, file.name], text=True)  # noqa: S603 (ourselves)
    return [
        f"A recording of 1 GiB, decrypted from a file: {int(grown) / 1024:.1f} MiB of extra memory at most; goal 8."
    ]


def _recording(segments: int) -> list[bytes]:
    """A recording whose file has so many full segments."""
    left = AUDIO.plaintext_length(segments * MEBIBYTE)
    return [PIECE] * (left // MEBIBYTE) + [PIECE[: left % MEBIBYTE]]


def _by_us(file: bytes) -> None:
    for _ in AudioDecryptor(KEY, NAME).decrypt(io.BytesIO(file)):
        pass


def _by_tink(file: bytes, step: int) -> None:
    with tinks(AUDIO, KEY).new_decrypting_stream(io.BytesIO(file), NAME.encode()) as stream:
        while stream.read(step):
            pass


def _alone(cipher: AESGCM, segments: list[tuple[bytes, memoryview]]) -> None:
    for nonce, segment in segments:
        cipher.decrypt(nonce, segment, None)


def _segments(file: bytes) -> tuple[AESGCM, list[tuple[bytes, memoryview]]]:
    """The file's cipher, and each segment with its nonce."""
    key = HKDF(algorithm=SHA256(), length=32, salt=file[1:33], info=NAME.encode()).derive(KEY)
    whole, segments = memoryview(file), []
    for index in range(SEGMENTS):
        nonce = file[33:40] + index.to_bytes(4) + bytes([index == SEGMENTS - 1])
        segments.append((nonce, whole[index * MEBIBYTE or 40 : (index + 1) * MEBIBYTE]))
    return AESGCM(key), segments


def _most_memory() -> int:
    """KiB that this process has had at most; Linux keeps count."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))


def _grown(file: BinaryIO) -> int:
    """By how many KiB the process grew."""
    decryptor = AudioDecryptor(KEY, NAME)
    decryptor.segments(bytes([40]) * 40).seal(0, memoryview(b"so that the library is there"), True)
    before = _most_memory()
    for _ in decryptor.decrypt(file):
        pass
    return _most_memory() - before


if __name__ == "__main__":
    with Path(sys.argv[1]).open("rb", buffering=0) as opened:
        sys.stdout.write(str(_grown(opened)))
