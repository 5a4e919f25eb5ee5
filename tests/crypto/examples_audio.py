"""The recordings among the examples, and what is refused, encrypted by hand."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

USER = "0190f3a4-7c1e-4f7e-9d5b-3f6f0a1b2c3d"
AUDIO_KEY, OTHER_KEY = bytes(range(0x40, 0x60)), bytes(range(0x41, 0x61))
S3_KEY, OTHER_S3_KEY = f"audio/{USER}/7f9c.opus.enc", f"audio/{USER}/Gespräch 🎙.enc"
MIB, LONGEST_IN_HEX = 2**20, 1200
RECORDINGS: dict[str, Any] = {
    "empty": b"",
    "one byte": b"\x5a",
    "short": b"A recording of a few words.",
    "under another name": 1000,
    "a byte less than the first segment": MIB - 57,
    "the first segment": MIB - 56,
    "a byte more than the first segment": MIB - 55,
    "two segments": 2 * MIB - 72,
    "a byte more than two segments": 2 * MIB - 71,
    "four segments": 3 * MIB + 12345,
}
FOUR = 3 * MIB + 12345 + 40 + 4 * 16
# What is wrong, and which bytes of which file are taken; `flip`, `append`, another key or another name.
REFUSED: dict[str, dict[str, Any]] = {
    "an empty object": {"take": []},
    "the header alone": {"take": [["short", 0, 40]]},
    "cut within the header": {"take": [["short", 0, 39]]},
    "cut by a byte": {"take": [["short", 0, 81]]},
    "a changed length of the header": {"take": [["short", 0, 82]], "flip": 0},
    "a changed salt": {"take": [["short", 0, 82]], "flip": 32},
    "a changed prefix": {"take": [["short", 0, 82]], "flip": 39},
    "a changed byte": {"take": [["short", 0, 82]], "flip": 40},
    "a changed tag": {"take": [["short", 0, 82]], "flip": 81},
    "a byte too many": {"take": [["short", 0, 82]], "append": "00"},
    "two files in one": {"take": [["short", 0, 82], ["short", 0, 82]]},
    "another header": {"take": [["one byte", 0, 40], ["short", 40, 82]]},
    "moved to another name": {"take": [["short", 0, 82]], "s3_key": OTHER_S3_KEY},
    "another owner's": {"take": [["short", 0, 82]], "audio_key": OTHER_KEY.hex()},
    "cut after the first segment": {"take": [["four segments", 0, MIB]]},
    "cut after the second segment": {"take": [["four segments", 0, 2 * MIB]]},
    "cut after the third segment": {"take": [["four segments", 0, 3 * MIB]]},
    "cut within the last segment": {"take": [["four segments", 0, FOUR - 1]]},
    "two segments exchanged": {
        "take": [
            ["four segments", 0, MIB],
            ["four segments", 2 * MIB, 3 * MIB],
            ["four segments", MIB, 2 * MIB],
            ["four segments", 3 * MIB, FOUR],
        ]
    },
    "a segment left out": {"take": [["four segments", 0, MIB], ["four segments", 2 * MIB, FOUR]]},
    "a segment twice": {"take": [["four segments", 0, 2 * MIB], ["four segments", MIB, FOUR]]},
    "a segment of another file": {"take": [["two segments", 0, MIB], ["four segments", MIB, FOUR]]},
    "a tag too many": {"take": [["two segments", 0, 2 * MIB]], "append": "00" * 16},
}


def hkdf(secret: bytes, salt: bytes, info: bytes) -> bytes:
    """HKDF-SHA256 to 32 bytes."""
    return hmac.digest(hmac.digest(salt, secret, "sha256"), info + b"\x01", "sha256")


def stream(seed: str, length: int) -> bytes:
    """The plaintext that a seed stands for."""
    hashes = (hashlib.sha256(seed.encode() + number.to_bytes(4)).digest() for number in range(length // 32 + 1))
    return b"".join(hashes)[:length]


def encrypted(plaintext: bytes, s3_key: str, salt: bytes, prefix: bytes) -> bytes:
    """A file of Tink's format, written out."""
    cipher = AESGCM(hkdf(AUDIO_KEY, salt, s3_key.encode()))
    starts = [0, *range(MIB - 56, len(plaintext), MIB - 16)]
    file = b"\x28" + salt + prefix
    for index, start in enumerate(starts):
        stop = starts[index + 1] if index + 1 < len(starts) else len(plaintext)
        nonce = prefix + index.to_bytes(4) + (b"\1" if index + 1 == len(starts) else b"\0")
        file += cipher.encrypt(nonce, plaintext[start:stop], None)
    return file


def recordings() -> list[dict[str, Any]]:
    """Each recording with its encrypted file: in hex if it is short, by its length and digest in any case."""
    made = []
    for number, (name, what) in enumerate(RECORDINGS.items()):
        given = {"seed": name, "length": what} if isinstance(what, int) else {"hex": what.hex()}
        plaintext = stream(name, what) if isinstance(what, int) else what
        s3_key = OTHER_S3_KEY if name == "under another name" else S3_KEY
        salt, prefix = bytes(range(number, number + 32)), bytes(range(200 + number, 207 + number))
        file = encrypted(plaintext, s3_key, salt, prefix)
        example = {
            "name": name,
            "audio_key": AUDIO_KEY.hex(),
            "s3_key": s3_key,
            "salt": salt.hex(),
            "prefix": prefix.hex(),
            "file_key": hkdf(AUDIO_KEY, salt, s3_key.encode()).hex(),
            "plaintext": given,
            "plaintext_sha256": hashlib.sha256(plaintext).hexdigest(),
            "ciphertext_length": len(file),
            "ciphertext_sha256": hashlib.sha256(file).hexdigest(),
        }
        made.append(example | ({"ciphertext": file.hex()} if len(file) <= LONGEST_IN_HEX else {}))
    return made


def refused_recordings() -> list[dict[str, Any]]:
    """Each file that is refused, as what it is put together of."""
    right = {"audio_key": AUDIO_KEY.hex(), "s3_key": S3_KEY}
    return [{"why": why} | right | what for why, what in REFUSED.items()]
