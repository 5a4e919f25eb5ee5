"""Old databases of every kind: keys, times, encodings, zones, names."""

from __future__ import annotations

import uuid
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from panzoto.deps import Deps
from panzoto.models.audio_file import AudioFile
from panzoto.models.audio_file import to_item as item_of_file
from panzoto.models.store.wire import encode_item
from panzoto.models.user import User
from panzoto.models.user import to_item as item_of_user

from .conftest import AT, HASH, SALT, Move, Old, files_of, users_of

WHEN = datetime.fromisoformat(AT).replace(tzinfo=UTC)
IDS: dict[str, list[Any]] = {
    "text": ["b", "a", "Ä", "Z", "日本"],
    "varchar(40)": ["b", "a", "x-1"],
    "integer": [10, 9, -3],
    "bigint": [2**40, 7],
    "uuid": [str(uuid.UUID(int=n * 7**30 % 2**128)) for n in range(1, 5)],
}


@pytest.mark.parametrize("key", IDS)
def test_items_are_those_that_the_application_writes(
    old_for: Callable[..., Old], new: Deps, tmp_path: Path, key: str
) -> None:
    """Byte for byte, for every type of key; a second run and the comparison find nothing to do."""
    old = old_for(key=key)
    for each in IDS[key]:
        old.person(each, f"Person.{len(str(each))}.{IDS[key].index(each)}@Example.com")
        old.file(each, each, s3_key=f"audio/{each}.3gp")
    move = Move(new, tmp_path / "move", old)
    move.done("run")
    for place, each in enumerate(IDS[key]):
        email = f"person.{len(str(each))}.{place}@example.com"
        user = User(user_id=str(each), email=email, key_salt=SALT, created_at=WHEN, password_hash=HASH)
        assert encode_item(users_of(new)[str(each)]) == encode_item(item_of_user(user))
        assert new.emails.find(email) == {"PK": f"EMAIL#{email}", "SK": "METADATA", "user_id": str(each)}
        file = AudioFile(
            file_id=str(each), user_id=str(each), s3_key=f"audio/{each}.3gp", file_size=1024, uploaded_at=WHEN
        )
        assert encode_item(files_of(new)[str(each)]) == encode_item(item_of_file(file))
    before = (users_of(new), files_of(new))
    move.done("run")
    assert (users_of(new), files_of(new)) == before
    assert "Nothing is missing" in move.done("verify")


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/St_Johns", "Pacific/Apia"])
@pytest.mark.parametrize("time", ["timestamptz", "timestamp"])
def test_no_zone_of_the_server_shifts_a_time(
    old_for: Callable[..., Old], new: Deps, tmp_path: Path, zone: str, time: str
) -> None:
    """With a zone a time is the moment that was meant; without one it is UTC, as the old backend wrote it."""
    old = old_for("UTF8", time=time)
    old.do(f"ALTER DATABASE {old.name} SET timezone = '{zone}'")
    old.person("ann", created_at="2024-05-06 07:08:09+00" if time == "timestamptz" else "2024-05-06 07:08:09")
    Move(new, tmp_path / "move", old).done("run")
    ann = users_of(new)["ann"]
    assert ann["created_at_iso"] == "2024-05-06T07:08:09+00:00"
    assert ann["created_at"] == 1714979289


def test_rows_that_know_their_day_alone_come_over_later(old_for: Callable[..., Old], new: Deps, tmp_path: Path) -> None:
    """A column of dates does not tell the hour: of the day of `--since` all rows are looked at."""
    old = old_for(time="date")
    move = Move(new, tmp_path / "move", old)
    old.person("a", created_at="2024-05-06")
    move.done("run")
    old.person("b", created_at="2024-05-07")
    old.file("f", "b", uploaded_at="2024-05-07")
    move.done("run", "--since", "2024-05-07T18:00:00+00:00")
    assert (set(users_of(new)), set(files_of(new))) == ({"a", "b"}, {"f"})


def test_a_clock_that_goes_back_hides_no_rows(old_for: Callable[..., Old], new: Deps, tmp_path: Path) -> None:
    """An hour that a clock without a zone shows twice is looked at twice."""
    mapping = tmp_path / "mapping.toml"
    mapping.write_text('zone = "Europe/Berlin"\n')
    old = old_for(time="timestamp")
    move = Move(new, tmp_path / "move", old)
    old.person("a", created_at="2024-10-27 02:40:00")
    move.done("run", "--mapping", str(mapping))
    old.person("b", created_at="2024-10-27 02:10:00")
    move.done("run", "--mapping", str(mapping), "--since", "2024-10-27T00:45:00+00:00")
    assert set(users_of(new)) == {"a", "b"}


@pytest.mark.parametrize("encoding", ["UTF8", "LATIN1", "WIN1252", "EUC_JP", "SQL_ASCII"])
def test_every_encoding_is_read_in_one_order(
    old_for: Callable[..., Old], new: Deps, tmp_path: Path, encoding: str
) -> None:
    """Keys whose bytes are in another order than their characters are moved once each, and compared."""
    signs = {"LATIN1": "Äzÿa", "WIN1252": "€Äza", "EUC_JP": "日本あz"}.get(encoding, "aÄ€日")
    old = old_for(encoding)
    for place, each in enumerate(signs):
        old.person(each, f"p{place}@example.com")
        old.file(each, each, s3_key=f"audio/{each}.3gp")
    move = Move(new, tmp_path / "move", old)
    move.done("run")
    move.done("run")
    assert set(users_of(new)) == set(signs)
    assert {each["s3_key"] for each in files_of(new).values()} == {f"audio/{each}.3gp" for each in signs}
    move.done("verify")


def test_bytes_that_are_no_text_are_told(old_for: Callable[..., Old], new: Deps, tmp_path: Path) -> None:
    """A database that does not know its own encoding may hold anything: such a row is told, the rest is moved."""
    old = old_for("SQL_ASCII")
    old.person("ann")
    old.do(
        "INSERT INTO users SELECT convert_from('\\xff'::bytea, 'SQL_ASCII'), email || 'x', null, null, now() FROM users"
    )
    old.do("INSERT INTO audio_files VALUES ('f', 'ann', convert_from('\\xfe'::bytea, 'SQL_ASCII'), 1, now())")
    move = Move(new, tmp_path / "move", old)
    move.done("plan")
    move.done("run")
    move.done("run")
    assert sorted(move.reasons().values()) == [
        "s3_key holds bytes that are not text",
        "user_id holds bytes that are not text",
    ]
    assert list(users_of(new)) == ["ann"]


SALTS = {
    "bytea": SALT,
    "text": SALT.hex(),
    "varchar(100)": b64encode(SALT).decode(),
}


@pytest.mark.parametrize("kind", SALTS)
def test_salts_of_every_column(old_for: Callable[..., Old], new: Deps, tmp_path: Path, kind: str) -> None:
    """bytea, hex and base64 give the same salt."""
    old = old_for()
    old.do(f"ALTER TABLE users DROP key_salt, ADD key_salt {kind}")
    old.person("ann", key_salt=SALTS[kind])
    Move(new, tmp_path / "move", old).done("run")
    assert users_of(new)["ann"]["key_salt"] == b64encode(SALT).decode()


def test_other_names_are_mapped(old_for: Callable[..., Old], new: Deps, tmp_path: Path) -> None:
    """Tables and columns of other names, in another schema, with columns that nobody asked for; times in their zone."""
    schema = """
    CREATE SCHEMA "Old App";
    CREATE TABLE "Old App".accounts (
      nick text, id bigint PRIMARY KEY, mail text, pw text, salt bytea, joined timestamp);
    CREATE TABLE "Old App".recordings (id uuid, owner bigint, path text, bytes numeric, at bigint, note text);
    """
    old = old_for(schema=schema)
    file_id = str(uuid.uuid4())
    old.do('INSERT INTO "Old App".accounts VALUES (%s, 5, %s, %s, %s, %s)', "x", "a@example.com", HASH, SALT, AT)
    old.do('INSERT INTO "Old App".recordings VALUES (%s, 5, %s, 17, 1714979289, null)', file_id, "audio/1.3gp")
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(
        """
        zone = "Europe/Berlin"
        [users]
        table = "Old App.accounts"
        user_id = "id"
        email = "mail"
        password_hash = "pw"
        key_salt = "salt"
        created_at = "joined"
        [audio_files]
        table = "Old App.recordings"
        file_id = "id"
        user_id = "owner"
        s3_key = "path"
        file_size = "bytes"
        uploaded_at = "at"
        """
    )
    move = Move(new, tmp_path / "move", old)
    for command in ("plan", "run", "verify"):
        move.done(command, "--mapping", str(mapping))
    assert users_of(new)["5"]["created_at_iso"] == "2024-05-06T05:08:09.123456+00:00"
    file = files_of(new)[file_id]
    assert (file["user_id"], file["file_size"], file["uploaded_at"]) == ("5", 17, 1714979289)


def test_a_column_of_epoch_seconds_is_a_time(old_for: Callable[..., Old], new: Deps, tmp_path: Path) -> None:
    """Times may be numbers; later rows are found by them too."""
    old = old_for(time="bigint")
    old.person("ann", created_at=1714979289)
    move = Move(new, tmp_path / "move", old)
    move.done("run")
    old.person("bob", created_at=1714979300)
    old.person("cid", created_at=1714979200)
    move.done("run", "--since", "2024-05-06T07:08:15Z")
    assert set(users_of(new)) == {"ann", "bob"}
