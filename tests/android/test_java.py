"""The app's half of the format: Java of the JDK alone unwraps the audio key and writes recordings that we read."""

from __future__ import annotations

import io
import json
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from panzoto.crypto.keys import new_audio_key, wrap
from panzoto.crypto.streaming.audio import AudioDecryptor
from panzoto.crypto.streaming.layout import AUDIO
from tests.crypto.streams import KEY, NAME, OTHER_NAME, boundaries, decrypted_by_tink, recording, refused
from tests.house.source import ROOT
from tests.support.needs import needs

Java = Callable[..., "subprocess.CompletedProcess[str]"]
SOURCES = sorted(Path(__file__).parent.glob("*.java"))
VECTORS: dict[str, Any] = json.loads((ROOT / "docs/test-vectors.json").read_text(encoding="utf-8"))
MOST_OF_ONE_CALL = 120


def run(*words: object) -> subprocess.CompletedProcess[str]:
    """A program, to its end."""
    return subprocess.run([*map(str, words)], check=False, capture_output=True, text=True, timeout=MOST_OF_ONE_CALL)


@pytest.fixture(scope="module")
def java(tmp_path_factory: pytest.TempPathFactory) -> Java:
    """The commands of Main.java, compiled without a warning."""
    compiler, machine = needs("javac"), needs("java")
    classes = tmp_path_factory.mktemp("classes")
    strictly = ["-Xlint:all", "-Werror", "--release", "11", "-encoding", "UTF-8"]
    compiled = run(compiler, *strictly, "-d", classes, *SOURCES)
    assert (compiled.returncode, compiled.stderr) == (0, "")
    return partial(run, machine, "-cp", classes, "panzoto.Main")


def test_what_java_encrypts_we_decrypt(java: Java, tmp_path: Path) -> None:
    """At every edge of the segments its file opens here and in the tink package, and under no other name."""
    lengths = boundaries(AUDIO)
    files = [tmp_path / str(length) for length in lengths]
    for length, file in zip(lengths, files, strict=True):
        file.write_bytes(recording(length))
    done = java("encrypt", KEY.hex(), NAME, *files)
    assert (done.returncode, done.stderr) == (0, "")
    for length, file in zip(lengths, files, strict=True):
        ciphertext = file.with_name(f"{length}.enc").read_bytes()
        assert len(ciphertext) == AUDIO.ciphertext_length(length)
        assert b"".join(AudioDecryptor(KEY, NAME).decrypt(io.BytesIO(ciphertext))) == recording(length)
        assert decrypted_by_tink(ciphertext) == recording(length)
        refused(AudioDecryptor(KEY, OTHER_NAME).decrypt(io.BytesIO(ciphertext)), b"")


def test_java_draws_salt_and_prefix(java: Java, tmp_path: Path) -> None:
    """The same recording encrypted twice has two headers and nothing in common."""
    files = [tmp_path / name for name in "ab"]
    for file in files:
        file.write_bytes(b"same")
    assert java("encrypt", KEY.hex(), NAME, *files).returncode == 0
    first, second = ((tmp_path / f"{name}.enc").read_bytes() for name in "ab")
    for part in (slice(1, 33), slice(33, 40), slice(40, None)):
        assert first[part] != second[part]


def test_java_unwraps_the_audio_key(java: Java) -> None:
    """What is wrapped under a password or a recovery key, and what we wrap now, gives the audio key."""
    for example in (*VECTORS["passwords"], *VECTORS["recovery_keys"]):
        done = java("unwrap", example["wrapping_key"], VECTORS["user_id"], example["wrapped_audio_key"])
        assert done.stdout.strip() == VECTORS["audio_key"]
    key = new_audio_key()
    assert java("unwrap", KEY.hex(), "user-1", wrap(key, KEY, "user-1")).stdout.strip() == key.hex()


@pytest.mark.parametrize(("key", "user_id"), [(bytes(32), "user-1"), (KEY, "user-2")], ids=["key", "user"])
def test_java_hears_of_a_wrong_key(java: Java, key: bytes, user_id: str) -> None:
    """Another key or another user's wrap gives no audio key."""
    done = java("unwrap", key.hex(), user_id, wrap(new_audio_key(), KEY, "user-1"))
    assert (done.returncode, done.stdout, done.stderr.strip()) == (1, "", "This key does not open the audio key.")


@pytest.mark.parametrize("length", [0, 2**20 - 57, 2**20 - 56, 2**20 - 55, 10**9, 2**40])
def test_java_foretells_the_length(java: Java, length: int) -> None:
    """The length that the app asks an upload for is the file's."""
    assert int(java("length", length).stdout) == AUDIO.ciphertext_length(length)
