"""`flask audio sweep`: what is left is removed, what is not left stays, and it says what it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from panzoto.aws.bucket import Bucket
from panzoto.cli import audio as command
from panzoto.cli.pace import in_chunks, paced
from panzoto.deps import build
from panzoto.errors import Conflict, KeyTaken, NotFound, StorageUnavailable
from panzoto.flows import sweep_audio
from panzoto.flows.record_audio import _of_upload
from panzoto.models.audio_files import Upload
from tests.support.clocks import Clock

from .conftest import MIB, SMALL_PARTS, Phone, items, noise, objects, phone_of, put, put_parts, sweep


@pytest.fixture
def phone(phone_for: Callable[..., Phone]) -> Phone:
    """A phone of a service with small parts."""
    return phone_for(**SMALL_PARTS)


def test_what_is_young_or_recorded_stays(phone: Phone) -> None:
    """Recordings stay however old, and uploads that somebody may still go on with."""
    kept = phone.keep()
    for data in (b"x", noise(6 * MIB)):
        phone.begin(data)
    put(phone.begin(b"y"), b"y")
    before = (items(phone.deps), objects(phone.deps))
    assert sweep(phone) == "7 looked at, 0 mended.\n"
    assert (items(phone.deps), objects(phone.deps)) == before
    sweep(phone, all_is_old=True)
    assert [item["file_id"] for item in items(phone.deps)] == [kept["file_id"]]
    assert objects(phone.deps) == [kept["s3_key"]]
    assert list(phone.deps.multipart.under("")) == []


def test_a_dry_run_does_nothing(phone: Phone) -> None:
    """It says what would be done, and all is as before."""
    begun = phone.begin(b"x")
    put(begun, b"x")
    said = sweep(phone, "--dry-run", all_is_old=True)
    assert said == f"{begun['file_id']}: the upload was abandoned.\n2 looked at, 1 would be mended.\n"
    assert phone.record(begun, 1).status_code == 201


def test_an_object_that_lost_its_item(phone: Phone) -> None:
    """An object that came by an address of ours and has no item any more goes when it is old."""
    kept, begun = phone.keep(), phone.begin(b"x")
    put(begun, b"x")
    phone.deps.audio_files.forget([begun["file_id"]])
    assert "0 mended" in sweep(phone)
    assert f"{begun['s3_key']}: the object has no record.\n" in sweep(phone, all_is_old=True)
    assert objects(phone.deps) == [kept["s3_key"]]
    assert [item["file_id"] for item in items(phone.deps)] == [kept["file_id"]]


def test_objects_that_came_some_other_way_stay(phone: Phone) -> None:
    """What this service has not uploaded is not its to remove: data that is yet to be migrated, for one."""
    s3, bucket = phone.deps.clients.s3(), phone.deps.config.s3_bucket
    keys = [
        "backups/users/a.3gp",
        "users/test-user/audio-123.3gp",
        f"users/{phone.user.user_id}/3f0c8a52-58ab-4d1e-9f5b-0a1b2c3d4e5f.3gp",
        f"users/{phone.user.user_id}/note.3gp",
    ]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    s3.create_multipart_upload(Bucket=bucket, Key="users/test-user/long.3gp")
    assert sweep(phone, all_is_old=True) == "4 looked at, 0 mended.\n"
    assert objects(phone.deps) == sorted(keys)


def test_an_object_that_older_software_recorded_stays(phone: Phone) -> None:
    """A record under another id that names the key is a record."""
    begun = phone.begin(b"x")
    put(begun, b"x")
    phone.deps.audio_files.forget([begun["file_id"]])
    old = {"file_id": "old", "user_id": phone.user.user_id, "s3_key": begun["s3_key"], "uploaded_at": 1}
    phone.deps.audio_files.put(old)
    assert "0 mended" in sweep(phone, all_is_old=True)
    assert objects(phone.deps) == [begun["s3_key"]]


def test_parts_that_no_upload_knows_of(phone: Phone) -> None:
    """An upload in parts whose item was never written is given up when it is old."""
    phone.keep()
    begun = phone.begin(noise(6 * MIB))
    phone.deps.audio_files.forget([begun["file_id"]])
    assert "0 mended" in sweep(phone)
    assert f"{begun['s3_key']}: its parts belong to no upload.\n" in sweep(phone, all_is_old=True)
    assert list(phone.deps.multipart.under("")) == []


def test_an_upload_of_somebody_who_is_gone(phone: Phone) -> None:
    """It goes however young it is: nobody can go on with it."""
    kept, gone = phone.keep(), phone_of(phone.service)
    begun = gone.begin(b"x")
    phone.deps.users.delete_person(gone.user.user_id)
    assert f"{begun['file_id']}: the upload was abandoned.\n" in sweep(phone)
    assert [item["file_id"] for item in items(phone.deps)] == [kept["file_id"]]


def test_while_s3_is_away_nothing_is_mended(phone: Phone) -> None:
    """Without S3 nobody can tell how much is left: the command says so and ends with 1, and the next does all."""
    kept = [phone.keep()["file_id"] for _ in range(2)]
    for each in kept:
        state = phone.deps.audio_files.look(each)
        assert state is not None
        phone.deps.audio_files.begin_deletion(state, phone.service.clock.now)
    nowhere = {"aws_endpoint": "http://127.0.0.1:9", "dynamodb_endpoint": phone.deps.config.aws_endpoint}
    assert "cannot reach its storage of recordings" in sweep(configured(phone, **nowhere), code=1)
    assert len(items(phone.deps)) == len(kept)
    assert "2 mended" in sweep(phone)
    assert items(phone.deps) == []


def configured(phone: Phone, **changes: Any) -> Phone:
    """The same phone, at a service that is configured otherwise."""
    config = replace(phone.deps.config, **changes)
    return replace(phone, service=replace(phone.service, deps=replace(phone.deps, config=config)))


def test_some_that_cannot_be_mended_are_counted(phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    """What S3 refuses to delete is counted at the end."""
    s3, bucket = phone.deps.clients.s3(), phone.deps.config.s3_bucket
    kept = phone.keep()
    state = phone.deps.audio_files.look(kept["file_id"])
    assert state is not None
    phone.deps.audio_files.begin_deletion(state, phone.service.clock.now)
    monkeypatch.setattr(Bucket, "delete", _refuse)
    said = sweep(phone, code=1)
    assert said.endswith("2 looked at, 0 mended.\nError: 1 could not be mended.\n")
    assert s3.head_object(Bucket=bucket, Key=kept["s3_key"])


def _refuse(*_: object) -> None:
    raise StorageUnavailable


def test_the_sweep_says_when_the_store_is_away(phone: Phone) -> None:
    """One sentence and exit code 1."""
    nowhere = configured(phone, dynamodb_endpoint="http://127.0.0.1:9")
    assert "cannot reach its storage" in sweep(nowhere, code=1)


def test_what_somebody_does_at_this_moment_wins(phone: Phone) -> None:
    """An upload that is recorded, or an object that is, between the look and the act stays."""
    deps, later = build(phone.deps.config, operator=True), phone.service.clock.now + timedelta(days=30)
    begun = phone.begin(b"x")
    put(begun, b"x")
    (left,) = sweep_audio.left_in_table(deps, [deps.audio_files.get({"file_id": begun["file_id"]}) or {}], later)
    assert isinstance(left, sweep_audio.Leftover)
    assert phone.record(begun, 1).status_code == 201
    with pytest.raises(NotFound):
        left.mend()
    other = phone.begin(b"y")
    put(other, b"y")
    deps.audio_files.forget([other["file_id"]])
    found = [each for each in deps.bucket.under("users/") if each.key == other["s3_key"]]
    (orphan,) = sweep_audio.left_in_bucket(deps, found, later)
    assert isinstance(orphan, sweep_audio.Leftover)
    assert phone.record(other, 1).status_code == 201
    with pytest.raises(Conflict):
        orphan.mend()
    assert len(phone.listed()) == 2


def test_somebody_who_is_faster_than_the_command(phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was recorded meanwhile is neither mended nor a fault."""
    begun = phone.begin(b"x")
    put(begun, b"x")
    drop = sweep_audio._drop

    def crossed(*given: Any) -> None:
        assert phone.record(begun, 1).status_code == 201
        drop(*given)

    monkeypatch.setattr(sweep_audio, "_drop", crossed)
    assert sweep(phone, all_is_old=True).endswith("2 looked at, 0 mended.\n")
    assert phone.listed() == [begun["file_id"]]


def test_it_goes_no_faster_than_it_is_told() -> None:
    """So many a second; what took its time is not made up for."""
    clock = Clock()
    began = clock.now
    walk = partial(paced, clock=clock, wait=clock.wait)
    assert list(walk(range(10), 5)) == list(range(10))
    assert clock.now - began == pytest.approx(1.8)
    for number in walk(range(4), 5):
        clock.goes(3.0 if number == 0 else 0)
    assert clock.now - began == pytest.approx(1.8 + 3.0 + 0.4)


def test_chunks() -> None:
    """So many at a time, and the rest."""
    assert list(in_chunks(range(5), 2)) == [[0, 1], [2, 3], [4]]


def test_an_upload_of_another_key_is_not_the_record(phone: Phone) -> None:
    """The table itself refuses a record in the place of somebody else's upload, or of another key's."""
    begun = phone.begin(b"x")
    upload = phone.deps.audio_files.look(begun["file_id"])
    assert isinstance(upload, Upload)
    record = _of_upload(upload, None, upload.started_at)
    for file in (replace(record, s3_key="users/me/other.3gp"), replace(record, user_id="somebody")):
        with pytest.raises(KeyTaken):
            phone.deps.audio_files.record(file, upload)


def test_the_sweep_finishes_what_put_parts_left(phone: Phone) -> None:
    """Parts of an upload that was abandoned are gone with it."""
    data = noise(6 * MIB)
    put_parts(phone.begin(data), data, 1)
    sweep(phone, all_is_old=True)
    assert (items(phone.deps), list(phone.deps.multipart.under(""))) == ([], [])


def lost(phone: Phone, count: int) -> list[str]:
    """Objects that came by an address of ours and lost their items; their keys."""
    begun = [phone.begin(b"x") for _ in range(count)]
    for each in begun:
        put(each, b"x")
    phone.deps.audio_files.forget([each["file_id"] for each in begun])
    return [each["s3_key"] for each in begun]


def test_a_table_that_may_be_the_wrong_one(phone: Phone) -> None:
    """Where no record is there at all, objects stay until somebody says yes; what would be done is said."""
    (key,) = lost(phone, 1)
    kept = phone.begin(b"x")
    said = sweep(phone, all_is_old=True, code=1)
    assert f"{key}: the object has no record.\n" in said
    assert "2 looked at, 2 would be mended.\nError: Nothing was done: 1 of them" in said
    assert (objects(phone.deps), [item["file_id"] for item in items(phone.deps)]) == ([key], [kept["file_id"]])
    assert "2 would be mended.\n" in sweep(phone, "--dry-run", all_is_old=True)
    assert "2 mended" in sweep(phone, "--yes", all_is_old=True)
    assert (objects(phone.deps), items(phone.deps)) == ([], [])


def test_so_many_that_a_table_may_be_the_wrong_one(phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than the bound, and more than one in a hundred, are not removed without a yes; at the bound they are."""
    monkeypatch.setattr(command, "MOST_DOUBTFUL", 2)
    kept, keys = phone.keep(), lost(phone, 3)
    assert "Nothing was done: 3 of them" in sweep(phone, all_is_old=True, code=1)
    assert objects(phone.deps) == sorted([kept["s3_key"], *keys])
    monkeypatch.setattr(command, "MOST_DOUBTFUL", 3)
    assert "3 mended" in sweep(phone, all_is_old=True)
    assert objects(phone.deps) == [kept["s3_key"]]


def test_one_in_a_hundred_is_not_too_many(phone: Phone) -> None:
    """Of a thousand that were looked at, ten may be doubtful where the bound is lower."""
    left = [sweep_audio.Leftover(str(number), print, is_doubtful=True) for number in range(110)]
    phone.keep()
    assert command._too_many(build(phone.deps.config, operator=True), left, command.Tally(seen=10_999)) == 110
    assert command._too_many(build(phone.deps.config, operator=True), left, command.Tally(seen=11_000)) == 0


def test_people_who_seem_to_be_gone_are_doubtful(phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a wrong table of people every record would be left: the same brake holds."""
    monkeypatch.setattr(command, "MOST_DOUBTFUL", 1)
    kept = [phone.keep()["file_id"] for _ in range(2)]
    phone.deps.users.delete_person(phone.user.user_id)
    assert "Nothing was done: 2 of them" in sweep(phone, all_is_old=True, code=1)
    assert sorted(item["file_id"] for item in items(phone.deps)) == sorted(kept)


def test_what_people_who_are_gone_have_left(phone: Phone) -> None:
    """Records of this service when they are old, and objects at once; those of older software stay."""
    gone, kept = phone_of(phone.service), phone.keep()
    theirs = gone.keep()
    old = {"file_id": "old", "user_id": gone.user.user_id, "s3_key": "audio/old.3gp", "uploaded_at": 1}
    phone.deps.audio_files.put(old)
    (young,) = lost(gone, 1)
    phone.deps.users.delete_person(gone.user.user_id)
    assert f"{young}: the object has no record.\n" in sweep(phone)
    assert objects(phone.deps) == sorted([kept["s3_key"], theirs["s3_key"]])
    assert f"{theirs['file_id']}: its owner is gone.\n" in sweep(phone, all_is_old=True)
    assert objects(phone.deps) == [kept["s3_key"]]
    assert sorted(item["file_id"] for item in items(phone.deps)) == sorted([kept["file_id"], "old"])


def test_odd_items_and_objects_stop_no_other(phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    """Items that are nothing, and an object that S3 does not tell of, are named and counted; the rest is mended."""
    deps, kept = phone.deps, phone.keep()
    deps.audio_files.put({"file_id": "odd-1", "user_id": "u"})
    deps.audio_files.put({"file_id": "odd-2", "user_id": "u", "object_key": "k", "deleting_at": "yesterday"})
    deps.audio_files.put({"file_id": "odd-3", "user_id": "u", "object_key": "k", "deleting_at": ["x"]})
    refused, *_ = keys = sorted(lost(phone, 3))
    find = Bucket.find
    monkeypatch.setattr(Bucket, "find", lambda self, key: _refuse() if key == refused else find(self, key))
    said = sweep(phone, all_is_old=True, code=1)
    for name in ("odd-1: KeyError", "odd-2: ValueError", "odd-3: TypeError", f"{refused}: StorageUnavailable"):
        assert name in said
    assert said.endswith(f"{4 + 4} looked at, 2 mended.\nError: 4 could not be mended.\n")
    assert objects(deps) == sorted([kept["s3_key"], keys[0]])


def test_a_record_that_only_names_an_id_hides_no_object(phone: Phone) -> None:
    """A record of another key under the id of an object is not its record: the object goes, and the record stays."""
    (key,), another = lost(phone, 1), phone_of(phone.service)
    file_id = key.split("/")[2].partition(".")[0]
    squat = f"users/{another.user.user_id}/{file_id}.x"
    assert another.ask("POST", "/api/audio-file", {"s3_key": squat}).status_code == 201
    assert f"{key}: the object has no record.\n" in sweep(phone, all_is_old=True)
    assert objects(phone.deps) == []
    assert [(item["file_id"], item["s3_key"]) for item in items(phone.deps)] == [(file_id, squat)]


def test_parts_of_other_software_stay(phone: Phone) -> None:
    """An upload in parts below the id of nobody here is not ours to give up, whatever its name looks like."""
    phone.keep()
    key = "users/old/3f0c8a52-58ab-4d1e-9f5b-0a1b2c3d4e5f.3gp"
    phone.deps.clients.s3().create_multipart_upload(Bucket=phone.deps.config.s3_bucket, Key=key)
    assert "0 mended" in sweep(phone, all_is_old=True)
    assert [each.key for each in phone.deps.multipart.under("")] == [key]


def test_old_copies_and_what_was_never_finished(phone: Phone) -> None:
    """What is decrypted goes when it is old, whoever's it was, and so does what a killed process left of a copy."""
    s3, bucket = phone.deps.clients.s3(), phone.deps.config.s3_bucket
    copy, begun = "decrypted/somebody/some/copy.3gp", "decrypted/somebody/some/begun.3gp"
    s3.put_object(Bucket=bucket, Key=copy, Body=b"words")
    s3.create_multipart_upload(Bucket=bucket, Key=begun)
    assert sweep(phone) == "2 looked at, 0 mended.\n"
    old = configured(phone, decrypted_kept=timedelta(days=-1))
    said = sweep(old, "--dry-run")
    assert said == (
        f"{begun}: its copy was never finished.\n{copy}: the copy is old.\n2 looked at, 2 would be mended.\n"
    )
    assert "2 mended" in sweep(old)
    assert (objects(phone.deps), list(phone.deps.multipart.under(""))) == ([], [])
