"""The formats that clients in other languages write, fixed by examples made without our code.

`vectors.json` was made once by `examples` below: Argon2id of OpenSSL (ours is the reference implementation's), AES-GCM
called by hand, HKDF and base32 written out. Whoever writes a client tests it against this file.
"""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from panzoto.crypto.gate import Gate
from panzoto.crypto.keys import PasswordKeys, unwrap
from panzoto.crypto.profiles import Profile
from panzoto.crypto.recovery import recovery_wrapping_key

FILE = Path(__file__).with_name("vectors.json")
VECTORS: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
USER = "0190f3a4-7c1e-4f7e-9d5b-3f6f0a1b2c3d"
AUDIO_KEY, SALT = bytes(range(0x40, 0x60)), bytes(range(0x60, 0x80))
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
    extracted = hmac.digest(bytes(32), secret, "sha256")
    key = hmac.digest(extracted, f"panzoto/recovery-key/v1/{USER}".encode() + b"\x01", "sha256")
    return {
        "secret": secret.hex(),
        "recovery_key": "-".join(signs[at : at + 5] for at in range(0, 35, 5)),
        "wrapping_key": key.hex(),
        "wrapped_audio_key": sealed(key, nonce),
    }


def examples() -> dict[str, Any]:
    """Everything in the file."""
    return {
        "user_id": USER,
        "audio_key": AUDIO_KEY.hex(),
        "passwords": [
            by_password(password, numbers, bytes(range(at, at + 12)))
            for at, (password, numbers) in enumerate(zip(PASSWORDS, PROFILES, strict=True))
        ],
        "recovery_keys": [
            by_recovery(secret, bytes(range(100 + at, 112 + at)))
            for at, secret in enumerate((bytes(20), bytes(range(20)), b"\xff" * 20))
        ],
    }


def test_the_file_is_what_others_compute() -> None:
    """The fixed bytes are those of an independent computation."""
    assert examples() == VECTORS


def test_passwords_open_the_examples() -> None:
    """Our derivation gives the example's wrapping key, and that opens the example's wrap."""
    keys = PasswordKeys(Profile(), Gate())
    for example in VECTORS["passwords"]:
        key = keys.derive(example["password"], bytes.fromhex(example["key_salt"]), example["kdf"])
        assert key.hex() == example["wrapping_key"]
        assert unwrap(example["wrapped_audio_key"], key, VECTORS["user_id"]).hex() == VECTORS["audio_key"]


def test_recovery_keys_open_the_examples() -> None:
    """A typed recovery key gives the example's wrapping key, and that opens the example's wrap."""
    for example in VECTORS["recovery_keys"]:
        key = recovery_wrapping_key(example["recovery_key"], VECTORS["user_id"])
        assert key.hex() == example["wrapping_key"]
        assert unwrap(example["wrapped_audio_key"], key, VECTORS["user_id"]).hex() == VECTORS["audio_key"]
