"""Records: of what was uploaded, of what the seed's apps tell of, and of nobody else's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from panzoto.models.store.expressions import Change

from .conftest import FILES, Phone, items, objects, phone_of, put

DATA = b"a sealed recording"
SEED = "/api/audio-file"


def own_key(phone: Phone, name: str = "a.3gp") -> str:
    """A key in the phone's own part of the bucket."""
    return f"users/{phone.user.user_id}/{name}"


def test_what_was_not_uploaded_is_not_recorded(phone: Phone) -> None:
    """The object is looked up: where there is none the answer is 409 with a code, and the upload can still be made."""
    begun = phone.begin(DATA)
    answer = phone.record(begun, len(DATA))
    assert (answer.status_code, answer.get_json()["code"]) == (409, "upload_missing")
    assert phone.listed() == []
    put(begun, DATA)
    assert phone.record(begun, len(DATA)).status_code == 201


@pytest.mark.parametrize("size", [len(DATA) - 1, len(DATA) + 1])
def test_another_size_is_refused(phone: Phone, size: int) -> None:
    """A size that is not the object's is 422, of uploads of ours and of others."""
    begun = phone.begin(DATA)
    put(begun, DATA)
    phone.deps.clients.s3().put_object(Bucket=phone.deps.config.s3_bucket, Key=own_key(phone), Body=DATA)
    for key in (begun["s3_key"], own_key(phone)):
        answer = phone.record({"s3_key": key}, size)
        assert (answer.status_code, answer.get_json()["code"]) == (422, "size_mismatch")
    assert phone.listed() == []


def test_an_upload_that_is_not_what_was_said_is_refused(phone: Phone) -> None:
    """An object that came some other way, with another size than the upload's, is not recorded for it."""
    begun = phone.begin(DATA)
    phone.deps.clients.s3().put_object(Bucket=phone.deps.config.s3_bucket, Key=begun["s3_key"], Body=DATA * 2)
    assert phone.record(begun, len(DATA)).status_code == 422
    assert phone.record(begun, 2 * len(DATA)).status_code == 422
    assert phone.ask("POST", f"{FILES}/uploads/{begun['file_id']}/complete").status_code == 422


def test_the_same_key_gives_the_same_record(phone: Phone) -> None:
    """Whoever lost the answer asks again: 200 and the record as it was, at the old address 201."""
    first = phone.keep(DATA)
    phone.service.clock.pass_by(minutes=1)
    again = phone.record(first, len(DATA))
    assert (again.status_code, again.get_json()["audio_file"]) == (200, first)
    old = phone.ask("POST", SEED, {"s3_key": first["s3_key"], "file_size": len(DATA)})
    assert (old.status_code, old.get_json()["audio_file"]) == (201, first)
    assert len(items(phone.deps)) == 1


def test_a_key_of_a_name_of_one_s_own(phone: Phone) -> None:
    """An object in one's own part of the bucket that came some other way is recorded too, under an id of its own."""
    key = own_key(phone, "2024/note one.3gp")
    phone.deps.clients.s3().put_object(Bucket=phone.deps.config.s3_bucket, Key=key, Body=DATA)
    made = phone.record({"s3_key": key}, len(DATA))
    assert made.status_code == 201
    assert phone.record({"s3_key": key}, len(DATA)).get_json() == made.get_json()


@pytest.mark.parametrize("path", [FILES, SEED])
def test_somebody_else_s_part_is_refused(phone: Phone, another: Phone, path: str) -> None:
    """A key under another person's prefix is 403, whether there is such a person, object or record, or not."""
    kept = another.keep(DATA)
    for key in (
        kept["s3_key"],
        own_key(another),
        "users/3f0c8a52-58ab-4d1e-9f5b-0a1b2c3d4e5f/a.3gp",
        "users/3F0C8A52-58AB-4D1E-9F5B-0A1B2C3D4E5F/a.3gp",
        "decrypted/a.wav",
        f"decrypted/{phone.user.user_id}/a.wav",
    ):
        answer = phone.ask("POST", path, {"s3_key": key, "file_size": 1})
        assert (answer.status_code, answer.get_json()["code"]) == (403, "access_denied")
    assert phone.listed() == []


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/",
        "/etc/passwd",
        "users//a.3gp",
        "users/{me}/",
        "users/{me}/../other/a.3gp",
        "users/{me}/./a.3gp",
        "..",
        "a/..",
        "users/{me}/%2e%2e/other/a.3gp",
        "users/{me}/%252e%252e%252fother/a.3gp",
        "users/{me}/..\\other\\a.3gp",
        "users/{me}/a\nb",
        "users/{me}/a\0b",
        "users/{me}/a\u2028b",
        "a" * 1025,
        "ü" * 513,
        3,
        None,
        ["users/{me}/a.3gp"],
    ],
    ids=repr,
)
def test_what_is_no_key_is_refused(phone: Phone, key: Any) -> None:
    """Ways to somewhere else, empty parts, control signs and too many bytes are 400 at both addresses."""
    given = key.replace("{me}", phone.user.user_id) if isinstance(key, str) else key
    for path in (FILES, SEED):
        answer = phone.ask("POST", path, {"s3_key": given, "file_size": 1})
        assert (answer.status_code, answer.get_json()["code"]) == (400, "invalid_request")
        assert "s3_key" in answer.get_json()["error"]
    assert items(phone.deps) == []


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), st.booleans())
def test_whatever_a_key_is_it_is_recorded_once_or_refused(phone: Phone, name: str, own: bool) -> None:
    """Any text is a key that gives the same record each time, or is 400; none is a 500, or somebody else's."""
    key = own_key(phone, name) if own else name
    answers = [phone.ask("POST", SEED, {"s3_key": key}) for _ in range(2)]
    assert {answer.status_code for answer in answers} in ({201}, {400})
    if answers[0].status_code == 201:
        first, second = (answer.get_json()["audio_file"] for answer in answers)
        assert first == second
        assert (first["s3_key"], first["user_id"]) == (key, phone.user.user_id)


@pytest.mark.parametrize("size", [0, -1, 1.0, True, "1024", None])
def test_what_is_no_size_is_refused(phone: Phone, size: Any) -> None:
    """A size is a whole number of bytes; old apps may leave it out."""
    body = {"s3_key": own_key(phone), "file_size": size}
    assert phone.ask("POST", FILES, body).status_code == 400
    assert phone.ask("POST", SEED, body).status_code == (201 if size is None else 400)


def test_both_addresses_are_documented(phone: Phone) -> None:
    """The document has every route, the old ones too, with what they take and answer."""
    paths = phone.service.http.get("/api/openapi.json").get_json()["paths"]
    for path, methods in {
        FILES: {"get", "post"},
        f"{FILES}/uploads": {"post"},
        f"{FILES}/uploads/{{file_id}}": {"get", "post", "delete"},
        f"{FILES}/uploads/{{file_id}}/complete": {"post"},
        f"{FILES}/{{file_id}}": {"get", "delete"},
        f"{FILES}/{{file_id}}/download": {"get"},
        SEED: {"post"},
        "/api/user/audio-files": {"get"},
    }.items():
        assert set(paths[path]) == methods
    assert {"201", "200", "400", "401", "403", "409", "413", "422", "429", "503"} <= set(
        paths[FILES]["post"]["responses"]
    )


# ── the old address ─────────────────────────────────────────────────────────────────────────────────────────────
EXAMPLE = {"s3_key": "users/test-user/audio-123.3gp", "file_size": 1024}


def test_the_seed_s_example_works_as_written(phone: Phone) -> None:
    """The key that was never uploaded, of a folder that is nobody's, is recorded and listed, and the same again."""
    answer = phone.ask("POST", SEED, EXAMPLE)
    assert answer.status_code == 201
    file = answer.get_json()["audio_file"]
    assert (file["s3_key"], file["file_size"], file["user_id"]) == (*EXAMPLE.values(), phone.user.user_id)
    listed = phone.ask("GET", "/api/user/audio-files").get_json()
    assert listed == {"audio_files": [file], "cursor": None}
    assert phone.ask("POST", SEED, EXAMPLE).get_json()["audio_file"] == file


def test_a_claimed_key_is_the_claimer_s(phone: Phone, another: Phone) -> None:
    """Whoever comes second hears 409, and that there is a record is all that they learn."""
    phone.ask("POST", SEED, EXAMPLE)
    answer = another.ask("POST", SEED, EXAMPLE)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "key_taken")
    assert phone.user.user_id not in answer.get_data(as_text=True)
    assert another.listed() == []


def test_a_believed_key_gives_no_way_to_an_object(phone: Phone) -> None:
    """Whoever names a key outside of their own part can neither get nor delete what is there."""
    s3, bucket = phone.deps.clients.s3(), phone.deps.config.s3_bucket
    for key in (EXAMPLE["s3_key"], "backups/everything.dump"):
        s3.put_object(Bucket=bucket, Key=str(key), Body=b"not theirs")
        file = phone.ask("POST", SEED, {"s3_key": key}).get_json()["audio_file"]
        assert phone.ask("GET", f"{FILES}/{file['file_id']}/download").status_code == 403
        assert phone.ask("DELETE", f"{FILES}/{file['file_id']}").status_code == 200
    assert phone.listed() == []
    assert objects(phone.deps) == ["backups/everything.dump", EXAMPLE["s3_key"]]


def test_a_believed_record_without_an_object_has_no_download(phone: Phone) -> None:
    """Where nothing was uploaded the answer is 409, not an address that leads nowhere."""
    file = phone.ask("POST", SEED, {"s3_key": own_key(phone)}).get_json()["audio_file"]
    answer = phone.ask("GET", f"{FILES}/{file['file_id']}/download")
    assert (answer.status_code, answer.get_json()["code"]) == (409, "upload_missing")


def test_an_old_app_may_record_what_was_begun_here(phone: Phone) -> None:
    """The old address takes the keys of uploads, with the id and the name that they were begun with."""
    begun = phone.begin(DATA)
    file = phone.ask("POST", SEED, {"s3_key": begun["s3_key"], "file_size": len(DATA)}).get_json()["audio_file"]
    assert (file["file_id"], file["filename"]) == (begun["file_id"], "note.3gp")


@pytest.mark.parametrize(("setting", "canonical", "old"), [(None, 409, 201), (True, 409, 409), (False, 201, 201)])
def test_verify_uploads(phone_for: Callable[..., Phone], setting: bool | None, canonical: int, old: int) -> None:
    """Unset, the new address looks and the old one believes; set, it holds at both."""
    phone = phone_for(verify_uploads=setting)
    for path, status in ((FILES, canonical), (SEED, old)):
        key = own_key(phone, f"{path.count('/')}.3gp")
        assert phone.ask("POST", path, {"s3_key": key, "file_size": 1}).status_code == status
    nobody_s = phone.ask("POST", FILES, EXAMPLE).status_code
    assert nobody_s == (201 if setting is False else 403)


def test_the_old_address_takes_the_size_from_the_object(phone_for: Callable[..., Phone]) -> None:
    """Where it looks, a size that was left out is the object's."""
    phone = phone_for(verify_uploads=True)
    phone.deps.clients.s3().put_object(Bucket=phone.deps.config.s3_bucket, Key=own_key(phone), Body=DATA)
    file = phone.ask("POST", SEED, {"s3_key": own_key(phone)}).get_json()["audio_file"]
    assert file["file_size"] == len(DATA)


# ── records of older software ───────────────────────────────────────────────────────────────────────────────────
def legacy(phone: Phone, key: str, **more: Any) -> dict[str, Any]:
    """A record as the seed's code has written it."""
    item = {
        "file_id": f"0b5f6f6e-0000-4000-8000-{len(key):012d}",
        "user_id": phone.user.user_id,
        "s3_key": key,
        "file_size": 7,
        "uploaded_at": 1_700_003_600,
        "uploaded_at_iso": "2023-11-14T22:13:20.123456",
        **more,
    }
    phone.deps.audio_files.put(item)
    return item


def test_records_of_the_seed_are_read(phone: Phone) -> None:
    """A record of before has its time in UTC, and what it lacks is null; recording it again gives it as it is."""
    item = legacy(phone, "audio/one.3gp")
    file = phone.ask("GET", f"{FILES}/{item['file_id']}").get_json()["audio_file"]
    assert file["uploaded_at"] == "2023-11-14T22:13:20.123456+00:00"
    assert (file["filename"], file["audio_key_version"], file["sealed_under_old_key"]) == (None, 1, False)
    again = phone.ask("POST", SEED, {"s3_key": "audio/one.3gp", "file_size": 7})
    assert again.get_json()["audio_file"] == file
    another = phone_of(phone.service)
    assert another.ask("POST", SEED, {"s3_key": "audio/one.3gp"}).status_code == 409
    bare_item = {name: value for name, value in item.items() if name not in ("uploaded_at_iso", "file_size")}
    phone.deps.audio_files.put(bare_item)
    bare = phone.ask("GET", f"{FILES}/{item['file_id']}").get_json()["audio_file"]
    assert (bare["uploaded_at"], bare["file_size"]) == ("2023-11-14T23:13:20+00:00", None)


def test_records_of_the_seed_are_got_and_deleted(phone: Phone) -> None:
    """What was recorded before is its owner's in their own part, and elsewhere where the migration vouches for it."""
    s3, bucket = phone.deps.clients.s3(), phone.deps.config.s3_bucket
    somebody = "users/3f0c8a52-58ab-4d1e-9f5b-0a1b2c3d4e5f/secret.3gp"
    decrypted = f"decrypted/{phone.user.user_id}/a.wav"
    mine = [legacy(phone, own_key(phone)), legacy(phone, "audio/vouched.3gp", owns_object=True)]
    others = [
        legacy(phone, "backups/everything.dump"),
        legacy(phone, "users/test-user/a.3gp"),
        legacy(phone, "audio/nobody.3gp", owns_object=False),
        legacy(phone, somebody, owns_object=True),
        legacy(phone, decrypted, owns_object=True),
    ]
    for each in mine + others:
        s3.put_object(Bucket=bucket, Key=each["s3_key"], Body=DATA)
    answers = [phone.ask("GET", f"{FILES}/{each['file_id']}/download").status_code for each in mine + others]
    assert answers == [200, 200, 403, 403, 403, 403, 403]
    for each in mine + others:
        assert phone.ask("DELETE", f"{FILES}/{each['file_id']}").status_code == 200
    assert objects(phone.deps) == sorted(each["s3_key"] for each in others)


def test_records_of_the_seed_that_name_one_key(phone: Phone) -> None:
    """The seed made a record each time that it was told: the object stays until the last of them is deleted."""
    key = own_key(phone)
    phone.deps.clients.s3().put_object(Bucket=phone.deps.config.s3_bucket, Key=key, Body=DATA)
    first, second = (legacy(phone, key, file_id=f"old-{number}")["file_id"] for number in range(2))
    assert phone.ask("DELETE", f"{FILES}/{first}").status_code == 200
    assert (phone.listed(), objects(phone.deps)) == ([second], [key])
    assert phone.ask("GET", f"{FILES}/{second}/download").status_code == 200
    assert phone.ask("DELETE", f"{FILES}/{second}").status_code == 200
    assert (phone.listed(), objects(phone.deps)) == ([], [])


def test_a_file_under_an_audio_key_that_was_given_up(phone: Phone) -> None:
    """What was recorded under an older audio key says so when its owner has a new one; the upload decides."""
    account = phone.service.register()
    owner = phone.deps.users.find(account["user_id"])
    assert owner is not None
    mine = Phone(phone.service, owner, account["token"])
    kept, begun = mine.keep(DATA), mine.begin(DATA)
    put(begun, DATA)
    phone.deps.users.update({"user_id": owner.user_id}, Change(set={"audio_key_version": 2}))
    late = mine.record(begun, len(DATA)).get_json()["audio_file"]
    for file in (late, mine.ask("GET", f"{FILES}/{kept['file_id']}").get_json()["audio_file"]):
        assert (file["audio_key_version"], file["sealed_under_old_key"]) == (1, True)
    new = mine.keep(DATA)
    assert (new["audio_key_version"], new["sealed_under_old_key"]) == (2, False)


def test_two_names_of_one_upload_are_two_keys(phone: Phone) -> None:
    """A key that only looks like an upload's is not recorded in its place."""
    begun = phone.begin(DATA)
    answer = phone.ask("POST", SEED, {"s3_key": begun["s3_key"][:-3] + "wav", "file_size": len(DATA)})
    assert (answer.status_code, answer.get_json()["code"]) == (409, "key_taken")


def test_a_believed_record_is_looked_up_when_it_is_recorded_again(phone: Phone) -> None:
    """What the old address believed is no answer of the new one: it looks, and hears of nothing and of another size."""
    key = own_key(phone)
    assert phone.ask("POST", SEED, {"s3_key": key, "file_size": len(DATA)}).status_code == 201
    assert phone.record({"s3_key": key}, len(DATA)).get_json()["code"] == "upload_missing"
    phone.deps.clients.s3().put_object(Bucket=phone.deps.config.s3_bucket, Key=key, Body=DATA)
    assert phone.record({"s3_key": key}, len(DATA) + 1).get_json()["code"] == "size_mismatch"
    assert phone.record({"s3_key": key}, len(DATA)).status_code == 200
    wrong = own_key(phone, "wrong.3gp")
    phone.ask("POST", SEED, {"s3_key": wrong, "file_size": 1})
    phone.deps.clients.s3().put_object(Bucket=phone.deps.config.s3_bucket, Key=wrong, Body=DATA)
    assert phone.record({"s3_key": wrong}, len(DATA)).get_json()["code"] == "size_mismatch"


def test_a_believed_key_takes_no_upload_s_id(phone: Phone, another: Phone) -> None:
    """A key of nobody's folder that names the id of an upload is recorded under another id."""
    begun = phone.begin(DATA)
    key = f"users/test-user/{begun['file_id']}.3gp"
    answer = another.ask("POST", SEED, {"s3_key": key})
    assert answer.status_code == 201
    assert answer.get_json()["audio_file"]["file_id"] != begun["file_id"]
    put(begun, DATA)
    assert phone.record(begun, len(DATA)).status_code == 201
