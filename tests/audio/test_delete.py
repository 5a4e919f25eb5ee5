"""Deletions: the record and the object, the person with all of them, and what an export tells."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from panzoto import create_app
from panzoto.aws.addresses import Addresses
from panzoto.aws.bucket import Bucket
from panzoto.aws.clients import Clients
from panzoto.aws.multipart import Multipart
from panzoto.deps import Deps
from panzoto.flows.delete_me import erase
from tests.accounts.conftest import Service, service_with
from tests.support.servers import behaving, hanging_up, silent

from .conftest import FILES, MIB, SMALL_PARTS, Phone, items, noise, objects, phone_of, put, put_parts

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

# Two attempts of a second and three, and a pause between them.
MOST_SECONDS = 10.0


def with_storage(deps: Deps, client: S3Client) -> Deps:
    """The same parts, with another S3."""
    name, config = deps.config.s3_bucket, deps.config
    addresses = Addresses(client, name, upload=config.upload_url_expiry, download=config.download_url_expiry)
    return replace(deps, bucket=Bucket(client, name), multipart=Multipart(client, name), addresses=addresses)


def away(service: Service, address: str = "http://127.0.0.1:9") -> Deps:
    """The parts of the service, with an S3 that is not there."""
    return with_storage(service.deps, Clients(replace(service.deps.config, aws_endpoint=address)).s3())


def on(phone: Phone, deps: Deps) -> Phone:
    """The same phone, speaking to a service with other parts."""
    return replace(phone, service=replace(phone.service, deps=deps, http=service_with(phone.service, deps)))


def test_record_and_object_are_gone(phone: Phone) -> None:
    """After a deletion there is neither, the list is without it, and to delete it again is 404."""
    kept, other = phone.keep(), phone.keep()
    answer = phone.ask("DELETE", f"{FILES}/{kept['file_id']}")
    assert (answer.status_code, answer.get_json()) == (200, {"status": "deleted"})
    assert objects(phone.deps) == [other["s3_key"]]
    assert [item["file_id"] for item in items(phone.deps)] == [other["file_id"]]
    assert phone.listed() == [other["file_id"]]
    for method, path in (("DELETE", ""), ("GET", ""), ("GET", "/download")):
        assert phone.ask(method, f"{FILES}/{kept['file_id']}{path}").status_code == 404


def test_every_version_is_gone(phone: Phone) -> None:
    """In a bucket that keeps versions a deletion leaves none, and takes nothing of a key that begins alike."""
    s3, bucket = phone.deps.clients.s3(), phone.deps.config.s3_bucket
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    kept = phone.keep()
    s3.put_object(Bucket=bucket, Key=kept["s3_key"], Body=b"a second version")
    s3.put_object(Bucket=bucket, Key=f"{kept['s3_key']}x", Body=b"another")
    assert phone.ask("DELETE", f"{FILES}/{kept['file_id']}").status_code == 200
    left = s3.list_object_versions(Bucket=bucket)
    assert [each["Key"] for each in left.get("Versions", [])] == [f"{kept['s3_key']}x"]
    assert left.get("DeleteMarkers", []) == []


def test_a_deletion_is_recorded(phone: Phone) -> None:
    """Who deleted what is among the events of the person."""
    kept = phone.keep()
    phone.ask("DELETE", f"{FILES}/{kept['file_id']}")
    (event,) = [each for each in phone.deps.audit.all_of(phone.user.user_id) if each["action"] == "audio_deleted"]
    assert event["details"] == {"file_id": kept["file_id"], "s3_key": kept["s3_key"]}


def test_without_s3_it_leaves_the_list_and_the_rest_waits(phone: Phone) -> None:
    """While S3 is away the answer is 503 and the list is without it; whoever asks again finishes it."""
    kept = phone.keep()
    path = f"{FILES}/{kept['file_id']}"
    elsewhere = on(phone, away(phone.service))
    for _ in range(2):
        answer = elsewhere.ask("DELETE", path)
        assert (answer.status_code, answer.get_json()["code"]) == (503, "storage_unavailable")
        assert int(answer.headers["Retry-After"]) > 0
    assert phone.listed() == []
    assert phone.ask("GET", path).status_code == 404
    again = phone.ask("POST", "/api/audio-file", {"s3_key": kept["s3_key"]})
    assert (again.status_code, again.get_json()["code"]) == (409, "conflict")
    assert phone.ask("DELETE", path).status_code == 200
    assert (objects(phone.deps), items(phone.deps)) == ([], [])
    assert phone.ask("DELETE", path).status_code == 404


@pytest.mark.parametrize("behave", [hanging_up, silent])
def test_an_s3_that_behaves_badly_is_503_in_time(phone: Phone, behave: Callable[..., None]) -> None:
    """However S3 fails, every route that asks it answers 503 with Retry-After, and tells nothing of it."""
    kept, begun = phone.keep(), phone.begin(b"x")
    put(begun, b"x")
    with behaving(behave) as address:
        broken = on(phone, away(phone.service, address))
        began = time.monotonic()
        answer = broken.record(begun, 1)
        assert time.monotonic() - began < MOST_SECONDS
        download = broken.ask("GET", f"{FILES}/{kept['file_id']}/download")
    for each in (answer, download):
        assert (each.status_code, each.get_json()["code"]) == (503, "storage_unavailable")
        assert "127.0.0.1" not in each.get_data(as_text=True)
    assert phone.record(begun, 1).status_code == 201


def test_parts_without_s3(phone_for: Callable[..., Phone]) -> None:
    """An upload in parts that S3 does not begin, list or put together is 503, and goes on when S3 is there again."""
    phone = phone_for(**SMALL_PARTS)
    data = noise(6 * MIB)
    begun = phone.begin(data)
    put_parts(begun, data)
    broken = on(phone, away(phone.service))
    path = f"{FILES}/uploads/{begun['file_id']}"
    body = {"filename": "a", "content_type": "a/b", "file_size": 6 * MIB}
    for method, where, given in (
        ("POST", f"{FILES}/uploads", body),
        ("GET", path, None),
        ("POST", f"{path}/complete", None),
        ("DELETE", path, None),
    ):
        assert broken.ask(method, where, given).get_json()["code"] == "storage_unavailable"
    assert phone.ask("DELETE", path).status_code == 200
    assert items(phone.deps) == []


@pytest.mark.parametrize("code", ["AccessDenied", "SlowDown", "NoSuchBucket"])
def test_what_s3_refuses_is_503(phone: Phone, code: str) -> None:
    """A bucket that is not ours, not there or too busy is no fault of the caller's."""
    client = phone.deps.clients.s3()

    def refuse(**_: object) -> None:
        raise client.exceptions.ClientError({"Error": {"Code": code}}, "Any")

    client.meta.events.register("before-send.s3", refuse)
    broken = on(phone, with_storage(phone.deps, client))
    answer = broken.record({"s3_key": f"users/{phone.user.user_id}/a.3gp"}, 1)
    assert (answer.status_code, answer.get_json()["code"]) == (503, "storage_unavailable")


def test_without_dynamodb(phone: Phone) -> None:
    """A store that is away is 503 on every route, and nothing is begun at S3."""
    app = create_app(replace(phone.deps.config, dynamodb_endpoint="http://127.0.0.1:9"))
    headers = {"Authorization": f"Bearer {phone.token}"}
    for method, path in (("GET", FILES), ("POST", FILES), ("POST", f"{FILES}/uploads"), ("DELETE", f"{FILES}/f")):
        answer = app.test_client().open(path, method=method, json={}, headers=headers)
        assert (answer.status_code, answer.get_json()["code"]) == (503, "unavailable")


def test_a_person_goes_with_all_recordings(phone_for: Callable[..., Phone]) -> None:
    """An erased account leaves no object, no part, no record and no upload that S3 knows of; others keep theirs."""
    phone = phone_for(**SMALL_PARTS)
    theirs = phone_of(phone.service).keep()
    deps, data = phone.deps, noise(6 * MIB)
    phone.keep()
    put(phone.begin(b"not recorded"), b"not recorded")
    put_parts(phone.begin(data), data)
    elsewhere = {"s3_key": "audio/old.3gp", "user_id": phone.user.user_id, "uploaded_at": 1, "owns_object": True}
    deps.audio_files.put({"file_id": "old", **elsewhere})
    deps.audio_files.put({**elsewhere, "file_id": "blind", "user_id": theirs["user_id"], "owns_object": False})
    deps.clients.s3().put_object(Bucket=deps.config.s3_bucket, Key="audio/old.3gp", Body=b"old")
    shared = {"uploaded_at": 1, "s3_key": "audio/shared.3gp", "owns_object": True}
    for file_id, owner in (("shared-1", theirs["user_id"]), ("shared-2", phone.user.user_id)):
        deps.audio_files.put({**shared, "file_id": file_id, "user_id": owner})
    deps.clients.s3().put_object(Bucket=deps.config.s3_bucket, Key="audio/shared.3gp", Body=b"whose?")
    names_theirs = f"users/{phone.user.user_id}/{theirs['file_id']}.3gp"
    deps.clients.s3().put_object(Bucket=deps.config.s3_bucket, Key=names_theirs, Body=b"whose id is it?")
    phone.ask("POST", "/api/audio-file", {"s3_key": "users/test-user/audio-123.3gp"})
    user = deps.users.find(phone.user.user_id)
    assert user is not None
    erase(deps, user)
    assert objects(deps) == ["audio/shared.3gp", theirs["s3_key"]]
    assert sorted(item["file_id"] for item in items(deps)) == sorted(["blind", "shared-1", theirs["file_id"]])
    assert list(deps.multipart.under("users/")) == []
    erase(deps, user)


def test_an_export_has_the_records(phone: Phone) -> None:
    """Records are told as they are kept; uploads that nobody recorded are no records."""
    kept = phone.keep()
    phone.begin(b"x")
    export = phone.ask("GET", "/api/v1/auth/export").get_json()
    (told,) = export["audio_files"]
    assert (told["file_id"], told["filename"], told["audio_key_version"]) == (kept["file_id"], "note.3gp", 1)
    assert "writeMark" not in told


def test_a_stranger_s_record_keeps_no_object(phone: Phone) -> None:
    """Records of the same key that own nothing, of before or believed, do not count when the owner deletes theirs."""
    deps, stranger = phone.deps, phone_of(phone.service)
    key = f"users/{phone.user.user_id}/two.3gp"
    deps.clients.s3().put_object(Bucket=deps.config.s3_bucket, Key=key, Body=b"sealed")
    for file_id, owner in (("mine", phone), ("thief", stranger)):
        deps.audio_files.put({"file_id": file_id, "user_id": owner.user.user_id, "s3_key": key, "uploaded_at": 1})
    assert stranger.ask("GET", f"{FILES}/thief/download").status_code == 403
    assert stranger.ask("DELETE", f"{FILES}/thief").status_code == 200
    assert objects(deps) == [key]
    deps.audio_files.put({"file_id": "thief", "user_id": stranger.user.user_id, "s3_key": key, "uploaded_at": 1})
    assert phone.ask("DELETE", f"{FILES}/mine").status_code == 200
    assert objects(deps) == []


def test_a_record_of_the_seed_s_beside_ours_keeps_the_object(phone: Phone) -> None:
    """Of two that name a key of an old app, one by each software, whichever goes first leaves the file to the other."""
    deps, owner, key = phone.deps, phone.user.user_id, f"users/{phone.user.user_id}/memo-1.3gp"
    deps.clients.s3().put_object(Bucket=deps.config.s3_bucket, Key=key, Body=b"words")
    ours = phone.ask("POST", "/api/audio-file", {"s3_key": key, "file_size": 5}).get_json()["audio_file"]["file_id"]
    deps.audio_files.put({"file_id": "the seed's", "user_id": owner, "s3_key": key, "file_size": 5, "uploaded_at": 1})
    assert phone.ask("DELETE", f"{FILES}/{ours}").status_code == 200
    assert (phone.listed(), objects(deps)) == (["the seed's"], [key])
    assert phone.ask("DELETE", f"{FILES}/the seed's").status_code == 200
    assert (phone.listed(), objects(deps)) == ([], [])


def test_a_deletion_does_not_read_what_begins_alike(phone: Phone) -> None:
    """A key comes before all that begin like it: with pages of two, two pages tell every version of it."""
    s3, bucket = phone.deps.clients.s3(), phone.deps.config.s3_bucket
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    key = f"users/{phone.user.user_id}/3"
    for name in (key, key, key, *(f"{key}{number}" for number in range(6))):
        s3.put_object(Bucket=bucket, Key=name, Body=b"x")
    file_id = phone.ask("POST", "/api/audio-file", {"s3_key": key}).get_json()["audio_file"]["file_id"]
    events, listed = phone.deps.bucket._client.meta.events, []

    def paged(params: dict[str, object], **_: object) -> None:
        params["MaxKeys"] = 2
        listed.append(params)

    events.register("before-parameter-build.s3.ListObjectVersions", paged)
    assert phone.ask("DELETE", f"{FILES}/{file_id}").status_code == 200
    assert len([params for params in listed if params["Prefix"] == key]) == 2  # its copies are looked for besides
    assert objects(phone.deps) == [f"{key}{number}" for number in range(6)]


def test_a_bucket_that_is_not_there_is_no_missing_upload(phone: Phone) -> None:
    """S3 answers 404 for both; the caller hears of a missing file only where there is a bucket to miss it in."""
    begun = phone.begin(b"x")
    assert phone.record(begun, 1).get_json()["code"] == "upload_missing"
    phone.deps.clients.s3().delete_bucket(Bucket=phone.deps.config.s3_bucket)
    answer = phone.record(begun, 1)
    assert (answer.status_code, answer.get_json()["code"]) == (503, "storage_unavailable")
