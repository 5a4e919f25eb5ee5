"""Makes `docs/test-vectors.json`, by which a client in another language is tested: `python -m tests.crypto.examples`.

Nothing here calls our code: Argon2id is OpenSSL's (ours is the reference implementation's), AES-GCM is called by hand,
HKDF, base32 and the format of recordings are written out.
"""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from tests.crypto.examples_audio import AUDIO_KEY, USER, hkdf, recordings, refused_recordings

FILE = Path(__file__).resolve().parents[2] / "docs/test-vectors.json"
ABOUT = [
    "Made by `python -m tests.crypto.examples`; docs/android.md says what each thing is. All bytes are in hex, but for",
    "wrapped_audio_key, which is in base64. A plaintext that is given by its seed is the first `length` bytes of",
    "SHA-256(seed || 0) || SHA-256(seed || 1) || ..., the seed in UTF-8 and the numbers as 4 bytes, big-endian.",
    "A refused file is put together of others: of each [name, start, stop] in `take` those bytes of the file of that",
    "recording, then the bytes of `append`; `flip` is the offset of a byte of it whose lowest bit is changed. With its",
    "audio_key and s3_key it gives no recording, though segments before the damage may be read.",
]
OTHER_USER, SALT = "0190f3a4-7c1e-4f7e-9d5b-3f6f0a1b2c3e", bytes(range(0x60, 0x80))
PASSWORDS = ("correct horse battery staple", "Zwölf Boxkämpfer jagen Viktor", " ключ \u00a0🔑 ")
PROFILES = ((47104, 1, 1), (19456, 2, 1), (12288, 3, 2))


def sealed(wrapping_key: bytes, nonce: bytes) -> str:
    """The audio key under a wrapping key."""
    return b64encode(
        nonce + AESGCM(wrapping_key).encrypt(nonce, AUDIO_KEY, f"panzoto/audio-key/v1/{USER}".encode())
    ).decode()


def by_password(password: str, numbers: tuple[int, int, int], nonce: bytes) -> dict[str, Any]:
    """One example of a wrap under a password."""
    memory_kib, iterations, parallelism = numbers
    kdf = Argon2id(salt=SALT, length=32, iterations=iterations, lanes=parallelism, memory_cost=memory_kib)
    key = kdf.derive(password.encode())
    return {
        "password": password,
        "key_salt": SALT.hex(),
        "kdf": {
            "name": "argon2id",
            "version": 19,
            "memory_kib": memory_kib,
            "iterations": iterations,
            "parallelism": parallelism,
        },
        "wrapping_key": key.hex(),
        "wrapped_audio_key": sealed(key, nonce),
    }


def by_recovery(secret: bytes, nonce: bytes) -> dict[str, Any]:
    """One example of a wrap under a recovery key."""
    data = int.from_bytes(secret) << 15
    digits = [data + (1 - data) % 32749 >> 5 * place & 31 for place in range(34, -1, -1)]
    signs = "".join("0123456789ABCDEFGHJKMNPQRSTVWXYZ"[digit] for digit in digits)
    key = hkdf(secret, bytes(32), f"panzoto/recovery-key/v1/{USER}".encode())
    return {
        "secret": secret.hex(),
        "recovery_key": "-".join(signs[at : at + 5] for at in range(0, 35, 5)),
        "wrapping_key": key.hex(),
        "wrapped_audio_key": sealed(key, nonce),
    }


def refused_wraps(wrapping_key: str, wrapped: str) -> list[dict[str, str]]:
    """Wraps that do not open, each by what is wrong with it."""
    right = {"wrapping_key": wrapping_key, "user_id": USER, "wrapped_audio_key": wrapped}
    changes = {
        "another user's": {"user_id": OTHER_USER},
        "another wrapping key": {"wrapping_key": AUDIO_KEY.hex()},
        "a changed nonce": {"wrapped_audio_key": "B" + wrapped[1:]},
        "a changed tag": {"wrapped_audio_key": wrapped[:-1] + "A"},
        "cut off": {"wrapped_audio_key": wrapped[:-4]},
    }
    return [{"why": why} | right | change for why, change in changes.items()]


def refused_recovery_keys(right: str) -> list[dict[str, str]]:
    """What a hand writes in place of a recovery key."""
    first, other = right[0], "1" if right[0] == "0" else "0"
    wrong = {
        "a wrong sign": other + right[1:],
        "two signs exchanged": right[:3] + right[4] + right[3] + right[5:],
        "a sign too few": right[1:],
        "a sign too many": first + right,
        "no sign of the alphabet": "U" + right[1:],
    }
    return [{"why": why, "recovery_key": text} for why, text in wrong.items()]


def examples() -> dict[str, Any]:
    """Everything in the file."""
    passwords = [
        by_password(password, numbers, bytes(range(at, at + 12)))
        for at, (password, numbers) in enumerate(zip(PASSWORDS, PROFILES, strict=True))
    ]
    recovery_keys = [
        by_recovery(secret, bytes(range(100 + at, 112 + at)))
        for at, secret in enumerate((bytes(20), bytes(range(20)), b"\xff" * 20))
    ]
    return {
        "about": ABOUT,
        "user_id": USER,
        "audio_key": AUDIO_KEY.hex(),
        "passwords": passwords,
        "recovery_keys": recovery_keys,
        "refused_wraps": refused_wraps(passwords[0]["wrapping_key"], passwords[0]["wrapped_audio_key"]),
        "refused_recovery_keys": refused_recovery_keys(recovery_keys[1]["recovery_key"]),
        "recordings": recordings(),
        "refused_recordings": refused_recordings(),
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(examples(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
