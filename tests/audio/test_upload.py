"""Uploads at once: what is signed is what S3 takes, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

import limits
from panzoto.aws.clients import Clients
from panzoto.deps import build
from tests.support.configs import configured

from .conftest import FILES, Phone, items, put, send, sha256

DATA = b"a sealed recording"


def signed_headers(url: str) -> set[str]:
    """The headers that an address asks for."""
    return set(parse_qs(urlsplit(url).query)["X-Amz-SignedHeaders"][0].split(";"))


def test_from_the_beginning_to_the_list(phone: Phone) -> None:
    """Begin, put, record, list, get, download: the same bytes come back, and the record says what was said."""
    begun = phone.begin(DATA, filename="Über uns.3GP")
    assert begun["s3_key"] == f"users/{phone.user.user_id}/{begun['file_id']}.3gp"
    assert put(begun, DATA).status == 200
    made = phone.record(begun, len(DATA))
    assert made.status_code == 201
    file = made.get_json()["audio_file"]
    assert file["file_id"] == begun["file_id"]
    assert (file["filename"], file["content_type"], file["file_size"]) == ("Über uns.3GP", "audio/3gpp", len(DATA))
    assert phone.listed() == [begun["file_id"]]
    assert phone.ask("GET", f"{FILES}/{begun['file_id']}").get_json() == {"audio_file": file}
    download = phone.ask("GET", f"{FILES}/{begun['file_id']}/download").get_json()
    got = send("GET", download["download_url"])
    assert (got.status, got.body) == (200, DATA)


def test_a_record_has_the_seed_s_attributes(phone: Phone) -> None:
    """The item holds what the seed's schema names, and what was asked for besides; nothing of the upload is left."""
    file = phone.keep(DATA)
    (item,) = items(phone.deps)
    seed = {"file_id", "user_id", "s3_key", "file_size", "uploaded_at", "uploaded_at_iso"}
    assert set(item) == seed | {"filename", "content_type", "audio_key_version", "owns_object", "writeMark"}
    assert item["uploaded_at"] == str(int(phone.service.clock.now.timestamp()))
    assert item["uploaded_at_iso"] == file["uploaded_at"] == phone.service.clock.now.isoformat()


def test_type_and_length_are_signed(phone: Phone) -> None:
    """The address takes one type, one length, the mark of the upload, once; the answer says how to send them."""
    upload = phone.begin(DATA)["upload"]
    signed = {"content-length", "content-type", "host", "if-none-match", "x-amz-meta-file-id"}
    assert signed_headers(upload["url"]) == signed
    assert upload["method"] == "PUT"
    assert upload["headers"]["Content-Length"] == str(len(DATA))
    assert upload["headers"]["If-None-Match"] == "*"


def test_an_address_replaces_nothing(phone: Phone) -> None:
    """What is there stays: the address does not work twice, with the header or without, before the record or after."""
    begun = phone.begin(DATA)
    assert put(begun, DATA).status == 200
    other, upload = DATA[::-1], begun["upload"]
    unconditional = {name: value for name, value in upload["headers"].items() if name != "If-None-Match"}
    for _ in range(2):
        assert put(begun, other).status == 412
        assert send("PUT", upload["url"], other, unconditional).status == 403
        assert phone.record(begun, len(DATA)).status_code in {201, 200}
    found = phone.deps.clients.s3().get_object(Bucket=phone.deps.config.s3_bucket, Key=begun["s3_key"])
    assert found["Body"].read() == DATA


def test_a_checksum_is_signed_when_it_is_known(phone: Phone) -> None:
    """With a checksum S3 takes those bytes alone, and the record keeps it."""
    begun = phone.begin(DATA, checksum_sha256=sha256(DATA))
    assert "x-amz-checksum-sha256" in signed_headers(begun["upload"]["url"])
    other = DATA[::-1]
    assert put(begun, other).status == 400
    assert put(begun, DATA).status == 200
    assert phone.record(begun, len(DATA)).get_json()["audio_file"]["checksum_sha256"] == sha256(DATA)


@pytest.mark.parametrize(
    "change",
    [
        {"Content-Type": "text/html"},
        {"x-amz-meta-file-id": "another"},
        {"x-amz-checksum-sha256": sha256(b"other")},
    ],
)
def test_what_was_not_signed_is_refused(phone: Phone, change: dict[str, str]) -> None:
    """Another type, another mark, or another checksum: S3 refuses, and nothing is stored."""
    begun = phone.begin(DATA, checksum_sha256=sha256(DATA))
    upload = begun["upload"]
    assert send("PUT", upload["url"], DATA, upload["headers"] | change).status == 403
    assert phone.deps.bucket.find(begun["s3_key"]) is None


def test_another_length_is_refused(phone: Phone) -> None:
    """One byte more is not what was signed."""
    begun = phone.begin(DATA)
    sent = send("PUT", begun["upload"]["url"], DATA + b"!", {"Content-Type": "audio/3gpp"})
    assert sent.status == 403
    assert phone.deps.bucket.find(begun["s3_key"]) is None


def test_an_address_ends(phone_for: Callable[..., Phone]) -> None:
    """The address says when it ends, as the answer does."""
    phone = phone_for()
    begun = phone.begin(DATA)
    assert parse_qs(urlsplit(begun["upload"]["url"]).query)["X-Amz-Expires"] == ["3600"]
    kept = phone.keep(DATA)
    download = phone.ask("GET", f"{FILES}/{kept['file_id']}/download").get_json()
    query = parse_qs(urlsplit(download["download_url"]).query)
    assert query["X-Amz-Expires"] == ["300"]
    assert query["response-content-disposition"] == [f'attachment; filename="{kept["file_id"]}.3gp"']
    assert query["response-content-type"] == ["application/octet-stream"]


def test_addresses_name_the_region() -> None:
    """At AWS an address is of the bucket's own region: the world's would send the phone elsewhere."""
    deps = build(configured("1" * 12, None, aws_region="eu-west-1", s3_bucket="recordings"))
    url = deps.addresses.to_put("users/u/f.bin", "f", 1, "audio/mp4", None).url
    assert url.startswith("https://recordings.s3.eu-west-1.amazonaws.com/users/u/f.bin?")
    assert parse_qs(urlsplit(url).query)["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]


def test_nothing_is_added_to_uploads_behind_our_back() -> None:
    """The client adds no checksum of its own, which the addresses of parts would then have to bring along."""
    client = Clients(configured("1" * 12, "http://127.0.0.1:9")).s3()
    assert client.meta.config.request_checksum_calculation == "when_required"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("filename", "ending"),
    [
        ("a.3gp", "3gp"),
        ("a.tar.GZ", "gz"),
        ("no ending", "bin"),
        (".hidden", "hidden"),
        ("dot.", "bin"),
        ("a.b c", "bin"),
        ("a.ünï", "bin"),
        ("a.elevenchars", "bin"),
        ("a.x\u00b2", "bin"),
        ("日本語 👩‍👩‍👧.m4a", "m4a"),
        ("..%2f..%2fx", "bin"),
        ("a" * 251 + ".mp3", "mp3"),
    ],
)
def test_a_name_gives_its_ending_and_nothing_else(phone: Phone, filename: str, ending: str) -> None:
    """Whatever a file is called, its key is of our own making."""
    begun = phone.begin(DATA, filename=filename)
    assert re.fullmatch(rf"users/{re.escape(phone.user.user_id)}/[0-9a-f-]{{36}}\.{ending}", begun["s3_key"])


@pytest.mark.parametrize(
    "change",
    [
        {"filename": ""},
        {"filename": "../../x"},
        {"filename": "a.b/c"},
        {"filename": "a\\b"},
        {"filename": ".."},
        {"filename": "a" * 300},
        {"filename": "a\0b"},
        {"filename": "a\nb"},
        {"filename": "a\u202egpj.exe"},
        {"filename": 3},
        {"filename": None},
        {"content_type": ""},
        {"content_type": "audio"},
        {"content_type": "audio/3gpp\r\nX-Evil: 1"},
        {"content_type": "audio/" + "a" * 300},
        {"content_type": ["audio/3gpp"]},
        {"file_size": 0},
        {"file_size": -1},
        {"file_size": 1.5},
        {"file_size": 1024.0},
        {"file_size": True},
        {"file_size": "1024"},
        {"file_size": None},
        {"checksum_sha256": "abc"},
        {"checksum_sha256": "A" * 44},
        {"checksum_sha256": 5},
        {"user_id": "somebody"},
        {"s3_key": "users/x/y.bin"},
    ],
    ids=str,
)
def test_what_is_no_upload_is_refused(phone: Phone, change: dict[str, Any]) -> None:
    """Each wrong field is refused by name, and nothing is kept."""
    body = {"filename": "note.3gp", "content_type": "audio/3gpp", "file_size": 5, **change}
    answer = phone.ask("POST", f"{FILES}/uploads", body)
    assert (answer.status_code, answer.get_json()["code"]) == (400, "invalid_request")
    assert next(iter(change)) in answer.get_json()["error"]
    assert items(phone.deps) == []


def test_a_type_may_have_parameters(phone: Phone) -> None:
    """Phones say which codec is in it."""
    begun = phone.begin(DATA, content_type='audio/ogg; codecs="opus"')
    assert put(begun, DATA).status == 200


@pytest.mark.parametrize("size", [1025, 2**62, 2**63 + 1])
def test_a_file_that_is_too_large_is_said(phone_for: Callable[..., Phone], size: int) -> None:
    """Over the limit the answer is 413 with a code of its own, when it is begun and when it is recorded."""
    phone = phone_for(max_upload_bytes=1024)
    body = {"filename": "note.3gp", "content_type": "audio/3gpp", "file_size": size}
    answer = phone.ask("POST", f"{FILES}/uploads", body)
    assert (answer.status_code, answer.get_json()["code"]) == (413, "file_too_large")
    recorded = phone.ask("POST", FILES, {"s3_key": f"users/{phone.user.user_id}/a.3gp", "file_size": size})
    assert recorded.status_code == 413


def test_uploads_are_limited(phone_for: Callable[..., Phone]) -> None:
    """Over the limit the answer is 429 with Retry-After, also for keys that were never begun here."""
    phone = phone_for(rate_limits=limits.changed("upload.account=2/1h"))
    phone.keep(DATA)
    answer = phone.ask("POST", "/api/audio-file", {"s3_key": f"users/{phone.user.user_id}/a.3gp", "file_size": 1})
    assert answer.status_code == 201
    refused = phone.ask("POST", f"{FILES}/uploads", {"filename": "a", "content_type": "a/b", "file_size": 1})
    assert (refused.status_code, refused.get_json()["code"]) == (429, "rate_limited")
    assert int(refused.headers["Retry-After"]) > 0


def test_an_upload_is_gone_on_with_and_given_up(phone: Phone, another: Phone) -> None:
    """Whoever lost the address asks for a fresh one; nobody else does, and after it is given up nobody."""
    begun = phone.begin(DATA)
    path = f"{FILES}/uploads/{begun['file_id']}"
    again = phone.ask("GET", path).get_json()
    assert again["upload"]["headers"] == begun["upload"]["headers"]
    assert put(again, DATA).status == 200
    assert phone.listed() == []
    for method, address in (("GET", path), ("POST", f"{path}/complete"), ("DELETE", path)):
        assert another.ask(method, address).status_code == 404
    assert phone.ask("POST", f"{path}/complete").get_json()["status"] == "uploaded"
    assert phone.ask("DELETE", path).get_json() == {"status": "given_up"}
    assert phone.deps.bucket.find(begun["s3_key"]) is None
    assert phone.ask("GET", path).status_code == phone.ask("DELETE", path).status_code == 404
    assert items(phone.deps) == []


def test_an_address_for_the_file_that_was_told_takes_no_other(phone: Phone) -> None:
    """Its checksum is signed, once it is known: S3 refuses another file of the same size."""
    begun = phone.begin(DATA)
    told = phone.ask("POST", f"{FILES}/uploads/{begun['file_id']}", {"checksum_sha256": sha256(DATA)}).get_json()
    assert told["upload"]["headers"] == begun["upload"]["headers"] | {"x-amz-checksum-sha256": sha256(DATA)}
    assert put(told, DATA[::-1]).status == 400
    assert put(told, DATA).status == 200


def test_a_recorded_upload_is_no_upload_any_more(phone: Phone) -> None:
    """What is recorded is deleted as a recording, never as an upload."""
    kept = phone.keep(DATA)
    assert phone.ask("GET", f"{FILES}/uploads/{kept['file_id']}").status_code == 404
    assert phone.ask("DELETE", f"{FILES}/uploads/{kept['file_id']}").status_code == 404
    assert phone.listed() == [kept["file_id"]]
    begun = phone.begin(DATA)
    assert phone.ask("GET", f"{FILES}/{begun['file_id']}").status_code == 404
    assert phone.ask("DELETE", f"{FILES}/{begun['file_id']}").status_code == 404
