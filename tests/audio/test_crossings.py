"""Two who are at the same recording, made to cross at one point: deterministic, where a race may miss it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from panzoto.aws.bucket import Bucket
from panzoto.deps import build
from panzoto.flows import delete_audio, sweep_audio
from panzoto.flows.authenticate import authenticate
from panzoto.flows.delete_me import erase
from panzoto.flows.record_audio import record_audio
from panzoto.models.audio_files import AudioFiles
from panzoto.models.audit_events import AuditEvents
from panzoto.models.user import User

from .conftest import FILES, MIB, SMALL_PARTS, Phone, items, noise, objects, put, put_parts, send, sha256, sweep

LATER = timedelta(days=30)
DATA = b"sealed"


def crossing(
    monkeypatch: pytest.MonkeyPatch, where: Any, name: str, act: Callable[[], object], *, after: bool = False
) -> None:
    """Let somebody act once, when this is called the next time: before it does anything, or after it has."""
    real = getattr(where, name)
    waiting = [act]

    def crossed(*given: Any, **named: Any) -> Any:
        if after:
            answer = real(*given, **named)
            while waiting:
                waiting.pop()()
            return answer
        while waiting:
            waiting.pop()()
        return real(*given, **named)

    monkeypatch.setattr(where, name, crossed)


def me(phone: Phone) -> User:
    """The person as they are kept."""
    user = phone.deps.users.find(phone.user.user_id)
    assert user is not None
    return user


def again(phone: Phone, kept: dict[str, Any]) -> None:
    """Delete a recording, and upload and record the same once more."""
    assert phone.ask("DELETE", f"{FILES}/{kept['file_id']}").status_code == 200
    phone.deps.clients.s3().put_object(Bucket=phone.deps.config.s3_bucket, Key=kept["s3_key"], Body=DATA)
    assert phone.record(kept, len(DATA)).status_code == 201


def mark(phone: Phone, kept: dict[str, Any]) -> None:
    """Begin a deletion that does not go on."""
    state = phone.deps.audio_files.look(kept["file_id"])
    assert state is not None
    phone.deps.audio_files.begin_deletion(state, phone.service.clock.now)


@pytest.mark.parametrize("by", ["giving up", "the sweep", "an erasure"])
def test_an_upload_that_goes_while_it_is_recorded(phone: Phone, monkeypatch: pytest.MonkeyPatch, by: str) -> None:
    """Gone with its item between the look at the object and the record: 409, and no record without an object."""
    begun, user = phone.begin(DATA), me(phone)
    put(begun, DATA)
    left = old(phone)
    acts: dict[str, Callable[[], object]] = {
        "giving up": lambda: phone.ask("DELETE", f"{FILES}/uploads/{begun['file_id']}"),
        "the sweep": lambda: mended(left),
        "an erasure": lambda: erase(phone.deps, user),
    }
    crossing(monkeypatch, Bucket, "find", acts[by], after=True)
    answer = phone.record(begun, len(DATA))
    assert (answer.status_code, answer.get_json()["code"]) == (409, "conflict")
    assert "given up" in answer.get_json()["error"]
    assert (objects(phone.deps), items(phone.deps)) == ([], [])


def old(phone: Phone) -> list[sweep_audio.Found]:
    """What the sweep finds in the table when all of it is old."""
    found = [phone.deps.audio_files.get({"file_id": item["file_id"]}) or {} for item in items(phone.deps)]
    operator = build(phone.deps.config, operator=True)
    return list(sweep_audio.left_in_table(operator, found, phone.service.clock.now + LATER))


def mended(left: list[sweep_audio.Found]) -> None:
    """Let the sweep mend all of it."""
    for each in left:
        assert isinstance(each, sweep_audio.Leftover)
        each.mend()


def test_a_deletion_that_the_sweep_read_long_ago(phone: Phone) -> None:
    """Finished by somebody else and recorded anew meanwhile: the new object stays."""
    kept = phone.keep(DATA)
    mark(phone, kept)
    (left,) = old(phone)
    assert isinstance(left, sweep_audio.Leftover)
    again(phone, kept)
    left.mend()
    assert (objects(phone.deps), phone.listed()) == ([kept["s3_key"]], [kept["file_id"]])


def test_a_deletion_that_was_asked_for_twice(phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first hangs after its mark, the second ends, and it is recorded anew: the first takes nothing of that."""
    kept = phone.keep(DATA)
    crossing(monkeypatch, delete_audio, "remove", lambda: again(phone, kept))
    assert phone.ask("DELETE", f"{FILES}/{kept['file_id']}").status_code == 200
    assert (objects(phone.deps), phone.listed()) == ([kept["s3_key"]], [kept["file_id"]])


@pytest.mark.parametrize(
    ("meanwhile", "code"),
    [("the same file", None), ("another file", "another_file"), ("given up", "not_found"), ("recorded", "not_found")],
)
def test_an_upload_that_is_told_of_twice(
    phone: Phone, monkeypatch: pytest.MonkeyPatch, meanwhile: str, code: str | None
) -> None:
    """Of two files that an upload is told of at once one is its; what is no upload any more goes on with none."""
    begun = phone.begin(DATA)
    put(begun, DATA)
    path = f"{FILES}/uploads/{begun['file_id']}"
    told = {"checksum_sha256": sha256(DATA)}
    acts: dict[str, Callable[[], object]] = {
        "the same file": lambda: phone.ask("POST", path, told),
        "another file": lambda: phone.ask("POST", path, {"checksum_sha256": sha256(b"another")}),
        "given up": lambda: phone.ask("DELETE", path),
        "recorded": lambda: phone.record(begun, len(DATA)),
    }
    crossing(monkeypatch, AudioFiles, "identify", acts[meanwhile])
    assert phone.ask("POST", path, told).get_json().get("code") == code


def test_a_recording_that_two_delete_is_counted_once(
    phone_for: Callable[..., Phone], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have read it, one has marked it, the other goes on with that: the person has no recording, and not -1."""
    phone = phone_for(figures_seconds=3600)
    kept = phone.keep(DATA)
    phone.deps.tally.give()
    assert me(phone).audio_files == 1
    crossing(monkeypatch, AudioFiles, "begin_deletion", lambda: mark(phone, kept))
    assert phone.ask("DELETE", f"{FILES}/{kept['file_id']}").status_code == 200
    phone.deps.tally.give()
    assert (me(phone).audio_files, me(phone).audio_bytes) == (0, 0)
    assert (objects(phone.deps), items(phone.deps)) == ([], [])


def test_a_deletion_of_what_is_another_s_by_now(phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    """Marked for somebody else between the look and the mark: 404, and nothing of theirs goes."""
    kept = phone.keep(DATA)
    other = {"file_id": kept["file_id"], "user_id": "another", "object_key": kept["s3_key"], "deleting_at": 1}
    crossing(monkeypatch, AudioFiles, "begin_deletion", lambda: phone.deps.audio_files.put(other))
    assert phone.ask("DELETE", f"{FILES}/{kept['file_id']}").status_code == 404
    assert objects(phone.deps) == [kept["s3_key"]]


@pytest.mark.parametrize("by", ["a request", "the sweep"])
def test_a_file_that_is_lost_is_told(phone: Phone, monkeypatch: pytest.MonkeyPatch, by: str) -> None:
    """Recorded anew at the very moment in which its object is deleted: nobody hears that all is well."""
    kept = phone.keep(DATA)
    mark(phone, kept)
    crossing(monkeypatch, Bucket, "delete", lambda: again(phone, kept))
    if by == "a request":
        answer = phone.ask("DELETE", f"{FILES}/{kept['file_id']}")
        assert (answer.status_code, answer.get_json()["code"]) == (409, "file_lost")
    else:
        said = sweep(phone, code=1)
        assert f"{kept['file_id']}: the deletion is finished: not mended: FileLost" in said
    assert phone.ask("DELETE", f"{FILES}/{kept['file_id']}").status_code == 200
    assert (objects(phone.deps), items(phone.deps)) == ([], [])


def test_two_old_records_of_one_key_that_go_at_once(phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is marked before it looks for another: whoever is later takes the object."""
    deps, key = phone.deps, f"users/{phone.user.user_id}/two.3gp"
    deps.clients.s3().put_object(Bucket=deps.config.s3_bucket, Key=key, Body=DATA)
    for file_id in ("old-1", "old-2"):
        deps.audio_files.put({"file_id": file_id, "user_id": phone.user.user_id, "s3_key": key, "uploaded_at": 1})

    def other() -> None:
        assert phone.ask("DELETE", f"{FILES}/old-2").status_code == 200
        assert objects(deps) == [key]

    crossing(monkeypatch, AudioFiles, "begin_deletion", other)
    assert phone.ask("DELETE", f"{FILES}/old-1").status_code == 200
    assert (objects(deps), items(deps)) == ([], [])


def test_the_index_is_not_believed(phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    """An index that still has a record of the key which is marked keeps no object."""
    deps, key = phone.deps, f"users/{phone.user.user_id}/two.3gp"
    deps.clients.s3().put_object(Bucket=deps.config.s3_bucket, Key=key, Body=DATA)
    for file_id in ("old-1", "old-2"):
        deps.audio_files.put({"file_id": file_id, "user_id": phone.user.user_id, "s3_key": key, "uploaded_at": 1})
    late = deps.audio_files.with_key(key)
    mark(phone, {"file_id": "old-2"})
    monkeypatch.setattr(AudioFiles, "with_key", lambda *_: late)
    assert phone.ask("DELETE", f"{FILES}/old-1").status_code == 200
    assert objects(deps) == []


def test_a_record_that_crosses_its_person_s_erasure(phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    """A record that the index did not have yet is collected when it is old; the records of others stay."""
    user, key = me(phone), f"users/{phone.user.user_id}/note one.3gp"
    caller = authenticate(phone.deps, phone.token)
    crossing(
        monkeypatch,
        AudioFiles,
        "forget",
        lambda: record_audio(phone.deps, caller, key, 1, verify=False),
    )
    erase(phone.deps, user)
    (item,) = items(phone.deps)
    assert "0 mended" in sweep(phone)
    assert f"{item['file_id']}: its owner is gone.\n" in sweep(phone, "--yes", all_is_old=True)
    assert items(phone.deps) == []


@pytest.mark.parametrize(("where", "name"), [(AuditEvents, "record"), (delete_audio, "remove")])
def test_a_deletion_that_is_interrupted_is_recorded(
    phone: Phone, monkeypatch: pytest.MonkeyPatch, where: Any, name: str
) -> None:
    """Without its event a deletion does not begin; after the mark it has one, so that whoever finishes adds none."""
    kept = phone.keep(DATA)
    crossing(monkeypatch, where, name, crash)
    with pytest.raises(KeyboardInterrupt):
        phone.ask("DELETE", f"{FILES}/{kept['file_id']}")
    assert phone.listed() == ([kept["file_id"]] if name == "record" else [])
    assert phone.ask("DELETE", f"{FILES}/{kept['file_id']}").status_code == 200
    assert [each["action"] for each in phone.deps.audit.all_of(phone.user.user_id)].count("audio_deleted") == 1


def crash() -> None:
    """End a request where it is."""
    raise KeyboardInterrupt


def test_a_part_that_is_sent_again_while_they_are_put_together(
    phone_for: Callable[..., Phone], monkeypatch: pytest.MonkeyPatch
) -> None:
    """S3 refuses the part of before: 409, and whoever asks again gets the last one."""
    phone, data = phone_for(**SMALL_PARTS), noise(6 * MIB)
    begun = phone.begin(data)
    put_parts(begun, data)
    other = noise(5 * MIB)
    first = begun["upload"]["parts"][0]["url"]
    crossing(monkeypatch, type(phone.deps.multipart), "parts", lambda: send("PUT", first, other), after=True)
    answer = phone.ask("POST", begun["upload"]["complete"])
    assert (answer.status_code, answer.get_json()["code"]) == (409, "conflict")
    assert phone.ask("POST", begun["upload"]["complete"]).status_code == 200
    found = phone.deps.clients.s3().get_object(Bucket=phone.deps.config.s3_bucket, Key=begun["s3_key"])
    assert found["Body"].read() == other + data[5 * MIB :]
