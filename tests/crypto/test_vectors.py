"""The formats that clients in other languages write, fixed by examples made without our code.

`docs/test-vectors.json` was made by `examples.py` beside this. Whoever writes a client tests it against that file.
"""

from __future__ import annotations

import hashlib
import io
import json
from typing import Any

import pytest

from panzoto.crypto.gate import Gate
from panzoto.crypto.keys import PasswordKeys, unwrap
from panzoto.crypto.profiles import Profile
from panzoto.crypto.recovery import recovery_wrapping_key
from panzoto.crypto.streaming.audio import AudioDecryptor
from panzoto.crypto.streaming.layout import AUDIO
from panzoto.errors import KeyRejected, RecoveryKeyMistyped
from tests.crypto.examples import FILE, examples
from tests.crypto.examples_audio import encrypted, stream
from tests.crypto.streams import decrypted_by_tink, refused

VECTORS: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
RECORDINGS = {example["name"]: example for example in VECTORS["recordings"]}


def named(which: str) -> pytest.MarkDecorator:
    """A test for each example of a list, by what it says of itself."""
    examples = VECTORS[which]
    return pytest.mark.parametrize("example", examples, ids=[each.get("name") or each["why"] for each in examples])


def plaintext_of(example: dict[str, Any]) -> bytes:
    """An example's plaintext."""
    given = example["plaintext"]
    return bytes.fromhex(given["hex"]) if "hex" in given else stream(given["seed"], given["length"])


def file_of(name: str) -> bytes:
    """The encrypted file of a recording among the examples."""
    example = RECORDINGS[name]
    salt, prefix = bytes.fromhex(example["salt"]), bytes.fromhex(example["prefix"])
    return encrypted(plaintext_of(example), example["s3_key"], salt, prefix)


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


@named("refused_wraps")
def test_wraps_that_do_not_open(example: dict[str, str]) -> None:
    """A wrap that was changed, moved or cut opens nothing."""
    with pytest.raises(KeyRejected):
        unwrap(example["wrapped_audio_key"], bytes.fromhex(example["wrapping_key"]), example["user_id"])


@named("refused_recovery_keys")
def test_recovery_keys_with_a_mistake(example: dict[str, str]) -> None:
    """A slip of the hand is noticed."""
    with pytest.raises(RecoveryKeyMistyped):
        recovery_wrapping_key(example["recovery_key"], VECTORS["user_id"])


@named("recordings")
def test_recordings_open(example: dict[str, Any]) -> None:
    """The example's file gives its plaintext to us and to Tink, and is what we would seal, to the byte."""
    file, plaintext = file_of(example["name"]), plaintext_of(example)
    key, s3_key = bytes.fromhex(example["audio_key"]), example["s3_key"]
    assert hashlib.sha256(file).hexdigest() == example["ciphertext_sha256"]
    assert hashlib.sha256(plaintext).hexdigest() == example["plaintext_sha256"]
    assert example.get("ciphertext", file.hex()) == file.hex()
    assert len(file) == example["ciphertext_length"] == AUDIO.ciphertext_length(len(plaintext))
    assert b"".join(AudioDecryptor(key, s3_key).decrypt(io.BytesIO(file))) == plaintext
    assert decrypted_by_tink(file, key=key, name=s3_key) == plaintext
    last = AudioDecryptor(key, s3_key).segments(file[:40]).seal(0, memoryview(plaintext), True)
    assert len(plaintext) > 2**20 - 56 or file == file[:40] + last


@named("refused_recordings")
def test_recordings_that_do_not_open(example: dict[str, Any]) -> None:
    """What was cut, changed, mixed or moved is refused, and gives out nothing but a true beginning."""
    assert all(start < stop <= RECORDINGS[name]["ciphertext_length"] for name, start, stop in example["take"])
    parts = [file_of(name)[start:stop] for name, start, stop in example["take"]]
    file = bytearray(b"".join(parts) + bytes.fromhex(example.get("append", "")))
    if "flip" in example:
        file[example["flip"]] ^= 1
    first = RECORDINGS[example["take"][0][0]] if example["take"] else RECORDINGS["empty"]
    decryptor = AudioDecryptor(bytes.fromhex(example["audio_key"]), example["s3_key"])
    refused(decryptor.decrypt(io.BytesIO(file)), plaintext_of(first))
