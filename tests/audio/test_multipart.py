"""Uploads in parts: part by part, in any order, over hours, and put together once."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

import limits
from config import Config
from panzoto.flows.upload_audio import MOST_PARTS
from tests.accounts.conftest import Service
from tests.crypto.streams import recording

from .conftest import FILES, MIB, SMALL_PARTS, Phone, items, noise, phone_of, put_parts, send, sha256
from .sealing import code, got, owner_of

SIZE = 11 * MIB + 1
GIB = 1024 * MIB


@pytest.fixture
def phone(phone_for: Callable[..., Phone]) -> Phone:
    """A phone of a service with small parts."""
    return phone_for(**SMALL_PARTS)


def path_of(begun: dict[str, Any]) -> str:
    """Where an upload is."""
    return f"{FILES}/uploads/{begun['file_id']}"


def test_part_by_part_over_hours(phone: Phone) -> None:
    """Some parts today, the rest hours later by fresh addresses, in any order; then one object, the same bytes."""
    data = noise(SIZE)
    begun = phone.begin(data)
    upload = begun["upload"]
    assert [part["size"] for part in upload["parts"]] == [5 * MIB, 5 * MIB, MIB + 1]
    assert upload["part_size"] == 5 * MIB
    assert upload["complete"] == f"{path_of(begun)}/complete"
    put_parts(begun, data, 3, 1)
    later = phone.ask("GET", path_of(begun)).get_json()
    assert later["upload"]["received"] == [1, 3]
    assert [part["part_number"] for part in later["upload"]["parts"]] == [2]
    put_parts(later, data)
    assert phone.record(begun, SIZE).get_json()["code"] == "upload_missing"
    done = phone.ask("POST", upload["complete"])
    assert done.get_json() == {
        "status": "uploaded",
        "file_id": begun["file_id"],
        "s3_key": begun["s3_key"],
        "file_size": SIZE,
    }
    assert phone.record(begun, SIZE).status_code == 201
    download = phone.ask("GET", f"{FILES}/{begun['file_id']}/download").get_json()
    assert send("GET", download["download_url"]).body == data
    assert list(phone.deps.multipart.under("users/")) == []
    (item,) = items(phone.deps)
    assert not {"upload_id", "part_size", "started_at", "object_key"} & set(item)


def test_a_part_takes_its_own_length_alone(phone: Phone) -> None:
    """The length of each part is signed, so that a part that was cut off is no part."""
    begun = phone.begin(noise(SIZE))
    part = begun["upload"]["parts"][0]
    assert parse_qs(urlsplit(part["url"]).query)["X-Amz-SignedHeaders"] == ["content-length;host"]
    assert send("PUT", part["url"], noise(5 * MIB - 1)).status == 403


def test_a_part_that_was_damaged_on_the_way_is_refused(phone: Phone) -> None:
    """A digest that comes along is compared, though it was not signed."""
    data = noise(SIZE)
    begun = phone.begin(data)
    part = begun["upload"]["parts"][2]
    digest = {"Content-MD5": b64encode(hashlib.md5(data[-MIB - 1 :], usedforsecurity=False).digest()).decode()}
    assert send("PUT", part["url"], noise(MIB + 1), digest).status == 400
    assert send("PUT", part["url"], data[-MIB - 1 :], digest).status == 200


def test_an_upload_keeps_to_the_file_that_it_was_told_of(phone: Phone) -> None:
    """Told with which file, it goes on with that alone: one that was sealed again hears so before any part is mixed."""
    data, other = noise(SIZE), noise(SIZE)
    begun = phone.begin(data)
    told = phone.ask("POST", path_of(begun), {"checksum_sha256": sha256(data)})
    assert told.status_code == 200
    put_parts(told.get_json(), data, 1)
    for _ in range(2):
        assert code(phone.ask("POST", path_of(begun), {"checksum_sha256": sha256(other)})) == (409, "another_file")
    later = phone.ask("POST", path_of(begun), {"checksum_sha256": sha256(data)}).get_json()
    assert (later["upload"]["received"], len(later["upload"]["parts"])) == ([1], 2)
    put_parts(later, data)
    assert phone.ask("POST", begun["upload"]["complete"]).status_code == 200
    assert phone.record(begun, SIZE).get_json()["audio_file"]["checksum_sha256"] == sha256(data)


@pytest.mark.parametrize("body", [{}, *({"checksum_sha256": each} for each in (None, "x", "A" * 44, 5))])
def test_what_is_no_checksum_is_refused(phone: Phone, body: dict[str, Any]) -> None:
    """Which file it is has to be said, as the SHA-256 of it."""
    assert code(phone.ask("POST", path_of(phone.begin(noise(SIZE))), body)) == (400, "invalid_request")


@pytest.mark.parametrize("is_kept", [True, False], ids=["the same file", "sealed again"])
def test_going_on_takes_the_file_that_was_begun_with(service_for: Callable[..., Service], *, is_kept: bool) -> None:
    """The rest of the same sealed file makes a recording; parts of two sealings, each with its salt, make none."""
    owner, clear = owner_of(service_for(**SMALL_PARTS)), recording(SIZE)
    begun = owner.begin(bytes(len(owner.seal(clear, "any"))))
    sealed = owner.seal(clear, begun["s3_key"])
    put_parts(begun, sealed, 1)
    later = owner.ask("GET", path_of(begun)).get_json()
    put_parts(later, sealed if is_kept else owner.seal(clear, begun["s3_key"]))
    assert owner.ask("POST", begun["upload"]["complete"]).status_code == 200
    assert owner.record(begun, len(sealed)).status_code == 201
    answer = owner.decrypt(begun["file_id"])
    if is_kept:
        assert got(answer) == clear
    else:
        assert code(answer) == (422, "audio_damaged")


def test_parts_that_are_missing_are_named(phone: Phone) -> None:
    """Before all parts are there the answer is 409 with their numbers, and the upload goes on."""
    data = noise(SIZE)
    begun = phone.begin(data)
    put_parts(begun, data, 2)
    answer = phone.ask("POST", begun["upload"]["complete"])
    assert (answer.status_code, answer.get_json()["code"]) == (409, "parts_missing")
    assert [each["field"] for each in answer.get_json()["details"]] == ["parts.1", "parts.3"]
    put_parts(begun, data)
    assert phone.ask("POST", begun["upload"]["complete"]).status_code == 200


def test_a_part_may_be_sent_again(phone: Phone) -> None:
    """A phone that lost an answer sends the part again; the last one counts."""
    data = noise(SIZE)
    begun = phone.begin(data)
    put_parts(begun, noise(SIZE), 1)
    put_parts(begun, data)
    assert phone.ask("POST", begun["upload"]["complete"]).status_code == 200
    found = phone.deps.clients.s3().get_object(Bucket=phone.deps.config.s3_bucket, Key=begun["s3_key"])
    assert found["Body"].read() == data


def test_complete_again(phone: Phone) -> None:
    """Whoever lost the answer asks again: it is done; and what is put together has no part left to send."""
    data = noise(SIZE)
    begun = phone.begin(data)
    put_parts(begun, data)
    first = phone.ask("POST", begun["upload"]["complete"])
    assert phone.ask("POST", begun["upload"]["complete"]).get_json() == first.get_json()
    upload = phone.ask("GET", path_of(begun)).get_json()["upload"]
    assert (upload["parts"], upload["received"]) == ([], [1, 2, 3])


def test_an_upload_that_was_given_up(phone: Phone) -> None:
    """Nothing is left of it at S3 or in the table; and where S3 itself gave it up, the answer says to begin another."""
    data = noise(SIZE)
    begun, lost = phone.begin(data), phone.begin(data)
    put_parts(begun, data, 1)
    assert phone.ask("DELETE", path_of(begun)).status_code == 200
    assert [each.key for each in phone.deps.multipart.under("users/")] == [lost["s3_key"]]
    assert [item["file_id"] for item in items(phone.deps)] == [lost["file_id"]]
    phone.deps.multipart.abort(lost["s3_key"], lost["upload"]["upload_id"])
    gone = phone.ask("GET", path_of(lost))
    assert (gone.status_code, "Begin another" in gone.get_json()["error"]) == (404, True)
    assert phone.ask("POST", f"{path_of(lost)}/complete").get_json()["code"] == "upload_missing"
    assert phone.ask("DELETE", path_of(lost)).status_code == 200
    assert items(phone.deps) == []


def test_an_upload_that_ends_while_it_is_put_together(phone: Phone) -> None:
    """Given up between the look at its parts and the end: nothing is there, and the answer says so."""
    data = noise(SIZE)
    begun = phone.begin(data)
    put_parts(begun, data)
    deps, upload_id = phone.deps, begun["upload"]["upload_id"]
    parts = deps.multipart.parts(begun["s3_key"], upload_id)
    assert [each.number for each in parts or []] == [1, 2, 3]
    deps.multipart.abort(begun["s3_key"], upload_id)
    deps.multipart.abort(begun["s3_key"], upload_id)
    deps.multipart.complete(begun["s3_key"], upload_id, parts or [])
    assert deps.multipart.parts(begun["s3_key"], upload_id) is None
    assert deps.bucket.find(begun["s3_key"]) is None


def test_somebody_else_s_upload(phone: Phone) -> None:
    """Nobody else sees it, completes it or gives it up."""
    begun = phone.begin(noise(SIZE))
    another = phone_of(phone.service)
    for method, path in (("GET", path_of(begun)), ("POST", begun["upload"]["complete"]), ("DELETE", path_of(begun))):
        assert another.ask(method, path).status_code == 404
    assert phone.ask("GET", path_of(begun)).status_code == 200


@pytest.mark.parametrize(
    ("size", "part_size", "count"),
    [(64 * MIB, 16 * MIB, 4), (2 * GIB, 16 * MIB, 128), (100 * GIB, 103 * MIB, 995), (1024 * GIB, 1049 * MIB, 1000)],
)
def test_parts_grow_before_they_are_too_many(
    phone_for: Callable[..., Phone], size: int, part_size: int, count: int
) -> None:
    """By default parts are of 16 MiB; where more than a thousand were needed they are larger."""
    phone = phone_for(max_upload_bytes=1024 * GIB)
    body = {"filename": "long.3gp", "content_type": "audio/3gpp", "file_size": size}
    upload = phone.ask("POST", f"{FILES}/uploads", body).get_json()["upload"]
    assert (upload["part_size"], len(upload["parts"])) == (part_size, count)
    assert count <= MOST_PARTS
    assert sum(part["size"] for part in upload["parts"]) == size


def test_at_the_size_that_is_configured(phone: Phone) -> None:
    """One byte less is one piece."""
    assert "url" in phone.begin(bytes(5 * MIB - 1))["upload"]
    assert "parts" in phone.begin(bytes(5 * MIB))["upload"]


@pytest.mark.parametrize(
    ("variables", "fault"),
    [
        ({"UPLOAD_URL_EXPIRY": "8d"}, "UPLOAD_URL_EXPIRY must be from 1s to 7d"),
        ({"DOWNLOAD_URL_EXPIRY": "500ms"}, "DOWNLOAD_URL_EXPIRY must be from 1s to 7d"),
        ({"UPLOADS_ABANDONED_AFTER": "30m"}, "UPLOADS_ABANDONED_AFTER must not be shorter than UPLOAD_URL_EXPIRY"),
        ({"UPLOAD_PART_BYTES": "1000"}, "UPLOAD_PART_BYTES must be a whole number from 5242880"),
        ({"VERIFY_UPLOADS": "maybe"}, "VERIFY_UPLOADS must be 1 or 0"),
    ],
)
def test_settings_that_make_no_sense_stop_the_start(variables: dict[str, str], fault: str) -> None:
    """What S3 would refuse, or the sweep would undo, is said at the start."""
    with pytest.raises(SystemExit) as stopped:
        Config.from_env({"FLASK_ENV": "development", "SECRET_KEY": "s", **variables})
    assert fault in str(stopped.value)


def test_an_upload_in_parts_is_not_believed(phone: Phone) -> None:
    """The old address records it when it is put together: before, its parts would be lost for good."""
    data = noise(SIZE)
    begun = phone.begin(data)
    put_parts(begun, data)
    body = {"s3_key": begun["s3_key"], "file_size": SIZE}
    assert phone.ask("POST", "/api/audio-file", body).get_json()["code"] == "upload_missing"
    assert phone.ask("POST", begun["upload"]["complete"]).status_code == 200
    assert phone.ask("POST", "/api/audio-file", body).status_code == 201


def test_going_on_with_parts_is_limited(phone_for: Callable[..., Phone]) -> None:
    """Many addresses are much to sign: asking for them again counts as an upload does, and for one address does not."""
    phone = phone_for(rate_limits=limits.changed("upload.account=3/1h"), **SMALL_PARTS)
    small, begun = phone.begin(b"x"), phone.begin(noise(SIZE))
    assert phone.ask("GET", path_of(begun)).status_code == 200
    assert phone.ask("GET", path_of(begun)).get_json()["code"] == "rate_limited"
    assert phone.ask("GET", path_of(small)).status_code == 200
