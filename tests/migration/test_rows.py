"""What a row means, for every kind of value that an old database may hold."""

from __future__ import annotations

import uuid
from base64 import b64encode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import bcrypt
import pytest
from argon2 import PasswordHasher
from argon2.low_level import Type

from migrations.faults import Unfit
from migrations.rows import Rules, file_of, kind_of_hash, moment, salt, user_of
from panzoto.flows.login import NOBODY
from tests.migration.conftest import HASH, SALT

RULES = Rules(ZoneInfo("UTC"))
WHEN = datetime(2024, 5, 6, 7, 8, 9, 123456, tzinfo=UTC)
TEXTS = {
    "hex": SALT.hex(),
    "HEX": SALT.hex().upper(),
    "bytea as text": "\\x" + SALT.hex(),
    "0x": "0x" + SALT.hex(),
    "base64": b64encode(SALT).decode(),
    "base64 without padding": b64encode(SALT).decode().rstrip("="),
    "base64 for addresses": urlsafe_b64encode(SALT).decode(),
    "with a line's end": b64encode(SALT).decode() + "\n",
}


def person(**changes: Any) -> tuple[Any, ...]:
    """A row of `users`."""
    row = {"user_id": "u1", "email": "a@example.com", "password_hash": HASH, "key_salt": SALT, "created_at": WHEN}
    return tuple((row | changes).values())


def recording(**changes: Any) -> tuple[Any, ...]:
    """A row of `audio_files`."""
    row = {"file_id": "f1", "user_id": "u1", "s3_key": "a/b.3gp", "file_size": 7, "uploaded_at": WHEN}
    return tuple((row | changes).values())


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_salt_is_read_from_any_text(text: str) -> None:
    """Hex and base64 in all their forms give the same bytes, as text and as text in a column of bytes."""
    assert salt(text) == SALT
    assert salt(text.strip().encode()) == SALT


def test_a_salt_of_bytes_is_taken_as_it_is() -> None:
    """A column of bytes gives bytes or a memoryview; an odd length is carried, for the sign-in to mend."""
    assert salt(SALT) == salt(memoryview(SALT)) == salt(bytearray(SALT)) == SALT
    assert salt(None) == b""
    assert salt(b"short") == b"short"
    assert salt(b"\xff" * 16) == b"\xff" * 16


@pytest.mark.parametrize("value", ["not base64!", "abcde", b"x" * 1025, "é" * 44])
def test_a_salt_that_is_none_is_refused(value: object) -> None:
    """What cannot be a salt is told, not guessed."""
    with pytest.raises(Unfit, match="key_salt"):
        salt(value)


def test_times_are_brought_to_utc() -> None:
    """With a zone it counts; without, the mapping's does; seconds and ISO text are times too."""
    assert moment(WHEN.astimezone(timezone(timedelta(hours=5, minutes=30))), "t", RULES.zone) == WHEN
    assert moment(WHEN.replace(tzinfo=None), "t", RULES.zone) == WHEN
    assert moment(datetime(2024, 5, 6, 9, 8, 9, 123456), "t", ZoneInfo("Europe/Berlin")) == WHEN  # noqa: DTZ001
    assert moment(1714979289, "t", RULES.zone) == moment(Decimal(1714979289), "t", RULES.zone)
    assert moment("2024-05-06T07:08:09.123456Z", "t", RULES.zone) == WHEN
    assert moment(WHEN, "t", RULES.zone).isoformat() == "2024-05-06T07:08:09.123456+00:00"


@pytest.mark.parametrize(
    "value", [None, "infinity", "-infinity", "0044-03-15 00:00:00 BC", "294276-12-31 00:00:00", float("nan"), 1e20, "x"]
)
def test_impossible_times_are_refused(value: object) -> None:
    """A time that no calendar of Python holds is told."""
    with pytest.raises(Unfit, match="created_at"):
        user_of(person(created_at=value), RULES)


def test_the_first_year_is_a_time() -> None:
    """Year 1 in UTC can be kept; the day before cannot."""
    first = datetime(1, 1, 1, tzinfo=UTC)
    assert user_of(person(created_at=first), RULES).created_at == first
    with pytest.raises(Unfit):
        user_of(person(created_at=first.replace(tzinfo=timezone(timedelta(hours=1)))), RULES)


@pytest.mark.parametrize(
    ("value", "text"), [(17, "17"), (uuid.UUID(int=5), str(uuid.UUID(int=5))), ("Ann", "Ann"), (2**62, str(2**62))]
)
def test_ids_become_text(value: object, text: str) -> None:
    """Whatever an id is, it is the text that the old backend's tokens name."""
    assert user_of(person(user_id=value), RULES).user_id == text
    assert file_of(recording(file_id=value), RULES).file_id == text


@pytest.mark.parametrize(
    "value",
    [None, "", True, 1.5, Decimal(1), b"x", "a/b", "a#b", "a\0b", "a\nb", "..", ".", "x" * 1025, "\udcff", NOBODY],
)
def test_ids_that_mean_something_else_are_refused(value: object) -> None:
    """An id that would be a folder, a key or nobody is told."""
    with pytest.raises(Unfit, match="user_id"):
        user_of(person(user_id=value), RULES)


@pytest.mark.parametrize(
    "value", [None, "", "no email", "a@", "a@b\n@c.example", "a\0@example.com", "\udcff@example.com"]
)
def test_emails_that_cannot_sign_in_are_refused(value: object) -> None:
    """Whoever could not sign in is not moved quietly."""
    with pytest.raises(Unfit, match="email"):
        user_of(person(email=value), RULES)


def test_an_email_is_in_the_form_in_which_it_is_claimed() -> None:
    """Case, spaces around and the script of the domain do not matter."""
    assert user_of(person(email="  Ann@XN--BCHER-KVA.example "), RULES).email == "ann@bücher.example"


@pytest.mark.parametrize(
    ("stored", "kind"),
    [
        (HASH, "argon2id"),
        (PasswordHasher(time_cost=1, memory_cost=64, parallelism=1, type=Type.I).hash("x"), "argon2i"),
        (bcrypt.hashpw(b"x", bcrypt.gensalt(4)).decode(), "bcrypt"),
        (HASH.encode(), "argon2id"),
        (None, "none"),
        ("", "unreadable"),
        ("5f4dcc3b5aa765d61d8327deb882cf99", "unreadable"),
        ("pbkdf2_sha256$260000$abc$def", "unreadable (pbkdf2_sha256)"),
        ("$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHQ$" + "a" * 43, "unreadable (argon2id)"),
        ("$2b$31$" + "a" * 53, "unreadable (2b)"),
    ],
    ids=[str(number) for number in range(10)],  # two of the hashes are new each time
)
def test_hashes_are_told_apart(stored: str | bytes | None, kind: str) -> None:
    """What the application verifies, within its bounds, is carried as it is; anything else is told or left out."""
    assert kind_of_hash(stored) == kind
    if kind.startswith("unreadable"):
        with pytest.raises(Unfit, match="password_hash"):
            user_of(person(password_hash=stored), RULES)
        assert (
            user_of(person(password_hash=stored), Rules(RULES.zone, drop_unreadable_hashes=True)).password_hash is None
        )
    else:
        carried = stored.decode() if isinstance(stored, bytes) else stored
        assert user_of(person(password_hash=stored), RULES).password_hash == carried


@pytest.mark.parametrize(
    ("value", "size"), [(None, None), (0, 0), (2**63 - 1, 2**63 - 1), (Decimal(5), 5), (5.0, 5), ("12", 12)]
)
def test_sizes_are_whole_numbers(value: object, size: int | None) -> None:
    """A size is kept when it is one, and left out when it was not known."""
    assert file_of(recording(file_size=value), RULES).file_size == size


@pytest.mark.parametrize(
    "value", [-1, 2**63, 1.5, float("nan"), float("inf"), Decimal("1.5"), Decimal("NaN"), Decimal("Infinity"), "many"]
)
def test_sizes_that_are_none_are_refused(value: object) -> None:
    """A size that no file has is told."""
    with pytest.raises(Unfit, match="file_size"):
        file_of(recording(file_size=value), RULES)


@pytest.mark.parametrize("key", [None, "", "a" * 1025, "decrypted/u1/x.3gp", "\udcff"])
def test_keys_that_are_none_are_refused(key: str | None) -> None:
    """A recording without a place, or in a place of the service's own, is told."""
    with pytest.raises(Unfit, match="s3_key"):
        file_of(recording(s3_key=key), RULES)


@pytest.mark.parametrize(
    ("key", "owns"),
    [
        ("users/u1/x.3gp", True),
        ("audio/2019/x.3gp", True),
        ("users/test-user/x.3gp", True),
        ("users/18/x.3gp", False),
        (f"users/{uuid.UUID(int=9)}/x.3gp", False),
    ],
)
def test_a_record_opens_nobody_elses_folder(key: str, owns: bool) -> None:
    """The seed let anybody record any key: one in the folder of another person gives no way to the object."""
    assert file_of(recording(s3_key=key), RULES).owns_object is owns
