"""The audio key opens with the right password or recovery key, for its owner, unchanged, and not otherwise."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any

import pytest
from argon2.exceptions import HashingError
from hypothesis import given, settings
from hypothesis import strategies as st

from panzoto.crypto import keys as module
from panzoto.crypto.gate import Gate
from panzoto.crypto.keys import PasswordKeys, UnusableKdf, new_audio_key, new_key_salt, unwrap, wrap
from panzoto.crypto.passwords import Passwords
from panzoto.crypto.profiles import Profile
from panzoto.errors import InvalidRequest, KeyRejected, Overloaded

LIGHT = Profile(12288, 3, 1)
KEYS = PasswordKeys(LIGHT, Gate())
KDF = {"name": "argon2id", "version": 19, "memory_kib": 12288, "iterations": 3, "parallelism": 1}
BYTES = st.binary(min_size=32, max_size=32)
USERS = st.text(st.characters(exclude_categories=["Cs"]), max_size=64)
KEY, WRAPPING, SALT = bytes(range(32)), bytes(range(32, 64)), bytes(range(64, 96))
WRAPPED = wrap(KEY, WRAPPING, "user-1")


@given(BYTES, BYTES, USERS)
def test_what_was_wrapped_is_unwrapped(key: bytes, wrapping_key: bytes, user_id: str) -> None:
    """Any key comes back under its wrapping key, for its owner, from 80 signs of base64."""
    wrapped = wrap(key, wrapping_key, user_id)
    assert len(wrapped) == 80
    assert unwrap(wrapped, wrapping_key, user_id) == key


@given(BYTES, USERS)
def test_another_key_or_owner_is_refused(wrapping_key: bytes, user_id: str) -> None:
    """A wrap opens neither under another key nor for another user."""
    if wrapping_key != WRAPPING:
        with pytest.raises(KeyRejected):
            unwrap(WRAPPED, wrapping_key, "user-1")
    if user_id != "user-1":
        with pytest.raises(KeyRejected):
            unwrap(WRAPPED, WRAPPING, user_id)


def test_any_flipped_bit_is_refused() -> None:
    """Of the 60 bytes no bit can be changed: nonce, key or tag."""
    sealed = b64decode(WRAPPED)
    for bit in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(KeyRejected):
            unwrap(b64encode(bytes(changed)).decode(), WRAPPING, "user-1")


@settings(max_examples=200)
@given(st.text(max_size=90) | st.text(min_size=80, max_size=80))
def test_any_text_is_refused(text: str) -> None:
    """What is no wrap is refused, whatever it is."""
    with pytest.raises(KeyRejected):
        unwrap(text, WRAPPING, "user-1")


@pytest.mark.parametrize("wrapping_key", [b"", b"x" * 16, b"x" * 24, b"x" * 31, b"x" * 33])
def test_keys_of_other_lengths_are_refused(wrapping_key: bytes) -> None:
    """Nothing wraps or is wrapped but 32 bytes; to unwrap, another length is a wrong key."""
    with pytest.raises(KeyRejected):
        unwrap(WRAPPED, wrapping_key, "user-1")
    for key, wrapping in ((KEY, wrapping_key), (wrapping_key, WRAPPING)):
        with pytest.raises(ValueError, match="32 bytes"):
            wrap(key, wrapping, "user-1")


def test_no_wrap_is_like_another() -> None:
    """The same key wrapped again has a nonce of its own."""
    wraps = {wrap(KEY, WRAPPING, "user-1") for _ in range(200)}
    assert len({b64decode(each)[:12] for each in wraps}) == 200


def test_keys_and_salts_are_drawn() -> None:
    """Audio keys and salts have 32 bytes, and never the same."""
    drawn = {make() for make in (new_audio_key, new_key_salt) for _ in range(50)}
    assert len(drawn) == 100
    assert {len(each) for each in drawn} == {32}


def test_a_password_change_rewraps_and_changes_nothing_else() -> None:
    """The audio key that the old password opened is opened by the new one, and no more by the old."""
    old, new = KEYS.derive("old password", SALT, KDF), KEYS.derive("new password", SALT, KDF)
    again = wrap(unwrap(wrap(KEY, old, "user-1"), old, "user-1"), new, "user-1")
    assert unwrap(again, new, "user-1") == KEY
    with pytest.raises(KeyRejected):
        unwrap(again, old, "user-1")


def test_the_kdf_says_what_was_computed() -> None:
    """What clients are told are the profile's parameters, and they derive the same key by them."""
    assert KEYS.kdf == KDF
    heavier = PasswordKeys(Profile(19456, 2, 1), Gate())
    assert heavier.kdf == KDF | {"memory_kib": 19456, "iterations": 2}
    assert heavier.derive("right", SALT, KDF) == KEYS.derive("right", SALT, KDF)
    assert heavier.derive("right", SALT, heavier.kdf) != KEYS.derive("right", SALT, KDF)


@pytest.mark.parametrize("other", ["Right", "right ", "right\0", "", "ri\u0067\u0301ht"])
def test_the_password_counts_exactly_as_typed(other: str) -> None:
    """Another text derives another key, and another salt does too."""
    key = KEYS.derive("right", SALT, KDF)
    assert len(key) == 32
    assert KEYS.derive("right", SALT, dict(KDF)) == key
    assert KEYS.derive(other, SALT, KDF) != key
    assert KEYS.derive("right", SALT[::-1], KDF) != key


def test_the_hash_tells_nothing_of_the_key() -> None:
    """What is kept to verify the password is not what wraps the key, even with the same salt and parameters."""
    stored = Passwords(LIGHT, Gate()).hash("right").rpartition("$")[2]
    assert b64decode(stored + "=") != KEYS.derive("right", SALT, KDF)


WRONG_KDF: dict[str, dict[str, Any]] = {
    "nothing": {},
    "no version": {name: value for name, value in KDF.items() if name != "version"},
    "a member too many": KDF | {"secret": 1},
    "another name": KDF | {"name": "argon2i"},
    "pbkdf2": KDF | {"name": "pbkdf2"},
    "an older version": KDF | {"version": 16},
    "a terabyte": KDF | {"memory_kib": 2**30},
    "a KiB too much": KDF | {"memory_kib": 256 * 1024 + 1},
    "too little memory": KDF | {"memory_kib": 7},
    "no pass": KDF | {"iterations": 0},
    "a pass too many": KDF | {"iterations": 11},
    "no lane": KDF | {"parallelism": 0},
    "a lane too many": KDF | {"parallelism": 17},
    "less than nothing": KDF | {"iterations": -1},
    "text for a number": KDF | {"iterations": "3"},
    "a fraction": KDF | {"iterations": 3.0},
    "a truth for a number": KDF | {"iterations": True},
    "none": KDF | {"memory_kib": None},
}


@pytest.mark.parametrize("kdf", WRONG_KDF.values(), ids=WRONG_KDF)
def test_parameters_are_bounded_before_they_are_used(monkeypatch: pytest.MonkeyPatch, kdf: dict[str, Any]) -> None:
    """Parameters that are none, or too dear, are refused before anything is computed."""
    monkeypatch.setattr(module, "hash_secret_raw", None)
    with pytest.raises(UnusableKdf):
        KEYS.derive("right", SALT, kdf)


@pytest.mark.parametrize("salt", [b"", SALT[:31], SALT + b"x"])
def test_a_salt_has_32_bytes(salt: bytes) -> None:
    """A salt of another length is not one of ours."""
    with pytest.raises(UnusableKdf):
        KEYS.derive("right", salt, KDF)


def test_lone_surrogates_are_no_password() -> None:
    """What is no text derives no key, and is no crash."""
    with pytest.raises(InvalidRequest):
        KEYS.derive("\ud800", SALT, KDF)


def test_derivation_passes_the_gate_of_the_passwords() -> None:
    """Hashing and derivation share their places: where one is full, the other waits."""
    gate = Gate(at_once=1, waiting=0)
    with gate.passing(), pytest.raises(Overloaded):
        PasswordKeys(LIGHT, gate).derive("right", SALT, KDF)


def test_a_lack_of_memory_is_no_wrong_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2's own fault is `Overloaded`, and nobody's key is called wrong."""

    def fail(*_: object) -> None:
        raise HashingError("Memory allocation error")

    monkeypatch.setattr(module, "hash_secret_raw", fail)
    with pytest.raises(Overloaded):
        KEYS.derive("right", SALT, KDF)
