"""Decrypted copies: whose, by whose proof, and what is refused with nothing of it left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse

import limits
from panzoto.crypto.streaming.layout import AUDIO
from panzoto.models.audio_files import AudioFile
from panzoto.models.store.expressions import Change
from tests.accounts.conftest import PASSWORD, Service
from tests.crypto.streams import recording
from tests.support import border

from .conftest import FILES, MIB, SMALL_PARTS, noise, put, send
from .sealing import Owner, code, got, owner_of, with_password

FIRST = AUDIO.segment_bytes - AUDIO.header_bytes - 16
EACH = AUDIO.segment_bytes - 16
LONG = recording(FIRST + EACH + 1000)


@pytest.fixture
def owner(service: Service) -> Owner:
    """Somebody without a password, signed in a moment ago."""
    return owner_of(service)


@pytest.mark.parametrize("length", [0, 1, 1000, FIRST, FIRST + 1, FIRST + EACH, 9 * MIB, 16 * MIB])
def test_a_round_trip(owner: Owner, length: int) -> None:
    """What Tink sealed comes out as it was, of any length, encrypted by KMS as long as it is kept."""
    clear = recording(length)
    file_id = owner.keep_sealed(clear)
    answer = owner.decrypt(file_id)
    assert got(answer) == clear
    body = answer.get_json()
    assert body["status"] == "ready_for_transcription"
    assert body["file_info"] == owner.ask("GET", f"{FILES}/{file_id}").get_json()["audio_file"]
    (key,) = owner.copies()
    assert key.startswith(f"decrypted/{owner.user.user_id}/{file_id}/")
    s3, bucket = owner.deps.clients.s3(), owner.deps.config.s3_bucket
    assert s3.head_object(Bucket=bucket, Key=key)["ServerSideEncryption"] == "aws:kms"
    assert not list(owner.deps.multipart.under("decrypted/"))


def test_the_seed_s_address(owner: Owner) -> None:
    """By `file_id` or by `s3_key`, and 400 with neither, 404 where there is nothing, or nothing of the caller's."""
    file_id = owner.keep_sealed(b"words")
    s3_key = owner.ask("GET", f"{FILES}/{file_id}").get_json()["audio_file"]["s3_key"]

    def ask(body: Any) -> TestResponse:
        return owner.ask("POST", "/api/decrypt-audio", body)

    assert got(ask({"file_id": file_id})) == b"words"
    assert got(ask({"s3_key": s3_key})) == b"words"
    assert got(ask({"s3_key": "elsewhere", "file_id": file_id})) == b"words"
    assert code(ask({})) == (400, "invalid_request")
    assert ask({}).get_json()["error"] == "file_id or s3_key required"
    another = owner_of(owner.service)
    theirs = another.keep_sealed(b"theirs")
    for body in ({"file_id": "nothing"}, {"s3_key": "users/nothing.3gp"}, {"file_id": theirs}):
        assert code(ask(body)) == (404, "not_found")
    key = another.ask("GET", f"{FILES}/{theirs}").get_json()["audio_file"]["s3_key"]
    assert code(ask({"s3_key": key})) == (404, "not_found")


def test_a_key_that_is_longer_than_any(owner: Owner) -> None:
    """1,024 signs may be 4,096 bytes: nothing is there, and DynamoDB, which refuses such a key, is not asked for it."""
    store = border.at(owner.deps.gateway._client)
    key = "\N{DECIDUOUS TREE}" * 1024
    assert code(owner.ask("POST", "/api/decrypt-audio", {"s3_key": key})) == (404, "not_found")
    assert not [each for each in store.requests if key in str(each)]


def test_a_record_of_older_software_by_its_key(owner: Owner) -> None:
    """A record whose id does not follow from its key is found by the key."""
    key = f"users/{owner.user.user_id}/old.3gp"
    s3 = owner.deps.clients.s3()
    s3.put_object(Bucket=owner.deps.config.s3_bucket, Key=key, Body=owner.seal(b"old words", key))
    owner.deps.audio_files.put({"file_id": "o/l d", "user_id": owner.user.user_id, "s3_key": key, "uploaded_at": 1})
    answer = owner.ask("POST", "/api/decrypt-audio", {"s3_key": key})
    assert got(answer) == b"old words"
    another = owner_of(owner.service)
    assert code(another.ask("POST", "/api/decrypt-audio", {"s3_key": key})) == (404, "not_found")


def test_the_password_is_asked_for(service: Service) -> None:
    """Whoever has a password sends it: 400 without, 401 with another, and guesses are counted."""
    owner = with_password(service, service.register(), PASSWORD)
    file_id = owner.keep_sealed(b"words")
    missing = owner.decrypt(file_id)
    assert (code(missing), missing.get_json()["error"]) == (
        (400, "invalid_request"),
        "Password required for decryption",
    )
    wrong = owner.decrypt(file_id, password="another")
    assert (code(wrong), wrong.get_json()["error"]) == ((401, "wrong_password"), "Invalid password")
    assert got(owner.decrypt(file_id, password=PASSWORD)) == b"words"
    for _ in range(10):
        owner.decrypt(file_id, password="another")
    assert code(owner.decrypt(file_id, password=PASSWORD)) == (429, "rate_limited")


def test_without_a_password_the_sign_in_is_recent(owner: Owner) -> None:
    """Five minutes after the sign-in somebody without a password signs in again."""
    file_id = owner.keep_sealed(b"words")
    owner.service.clock.pass_by(minutes=5, seconds=1)
    assert code(owner.decrypt(file_id)) == (403, "recent_sign_in_needed")


def test_it_is_limited(service_for: Callable[..., Service]) -> None:
    """So many decryptions in an hour, and no more."""
    owner = owner_of(service_for(rate_limits=limits.changed("decrypt.account=2/1h")))
    file_id = owner.keep_sealed(b"words")
    answers = [owner.decrypt(file_id) for _ in range(3)]
    assert [each.status_code for each in answers] == [200, 200, 429]


def test_uploads_are_not_decrypted(owner: Owner) -> None:
    """What is not recorded, or is there no more, is not decrypted: 404, and 409 where the object is gone."""
    begun = owner.begin(b"x")
    put(begun, b"x")
    assert code(owner.decrypt(begun["file_id"])) == (404, "not_found")
    file_id = owner.keep_sealed(b"words")
    key = owner.ask("GET", f"{FILES}/{file_id}").get_json()["audio_file"]["s3_key"]
    owner.deps.bucket.delete(key)
    assert code(owner.decrypt(file_id)) == (409, "upload_missing")


def test_what_is_recorded_elsewhere_is_not_read(owner: Owner) -> None:
    """A record of a key outside of the caller's part of the bucket gives no way to the object."""
    key = "users/test-user/audio-123.3gp"
    made = owner.ask("POST", "/api/audio-file", {"s3_key": key}).get_json()["audio_file"]
    s3 = owner.deps.clients.s3()
    s3.put_object(Bucket=owner.deps.config.s3_bucket, Key=key, Body=owner.seal(b"words", key))
    assert code(owner.decrypt(made["file_id"])) == (403, "access_denied")


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "cut before the header ends": lambda sealed: sealed[:39],
    "cut after the header": lambda sealed: sealed[:40],
    "cut after the first segment": lambda sealed: sealed[:MIB],
    "cut after the second segment": lambda sealed: sealed[: 2 * MIB],
    "cut by a byte": lambda sealed: sealed[:-1],
    "cut by the last segment's plaintext": lambda sealed: sealed[: 2 * MIB + 16],
    "segments swapped": lambda sealed: (
        sealed[:MIB] + sealed[2 * MIB : 3 * MIB] + sealed[MIB : 2 * MIB] + sealed[3 * MIB :]
    ),
    "a segment twice": lambda sealed: sealed[: 2 * MIB] + sealed[MIB:],
    "a segment left out": lambda sealed: sealed[:MIB] + sealed[2 * MIB :],
    "trailing bytes": lambda sealed: sealed + b"x",
    "a trailing segment": lambda sealed: sealed + sealed[-MIB:],
    "a bit of the header's length": lambda sealed: bytes([sealed[0] ^ 1]) + sealed[1:],
    "a bit of the salt": lambda sealed: sealed[:5] + bytes([sealed[5] ^ 1]) + sealed[6:],
    "a bit of the prefix": lambda sealed: sealed[:36] + bytes([sealed[36] ^ 1]) + sealed[37:],
    "a bit of the first segment": lambda sealed: sealed[:99] + bytes([sealed[99] ^ 1]) + sealed[100:],
    "a bit of a later segment": lambda sealed: sealed[: MIB + 9] + bytes([sealed[MIB + 9] ^ 1]) + sealed[MIB + 10 :],
    "a bit of the last tag": lambda sealed: sealed[:-1] + bytes([sealed[-1] ^ 1]),
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("mebibytes", [3, 10], ids=["at once", "in parts"])
def test_damage_is_refused_and_leaves_nothing(owner: Owner, damage: str, mebibytes: int) -> None:
    """Whatever happened to a file, it is refused as damaged, and S3 has no copy and no part of one."""
    clear = recording(mebibytes * MIB)
    file_id = owner.keep_sealed(clear, DAMAGE[damage])
    assert code(owner.decrypt(file_id)) == (422, "audio_damaged")
    assert owner.nothing_is_left_in_the_clear()


def test_an_empty_object_is_refused(owner: Owner) -> None:
    """An object of no bytes is no sealed file."""
    file_id = owner.keep_sealed(b"words")
    replace_object(owner, file_id, b"")
    assert code(owner.decrypt(file_id)) == (422, "audio_damaged")


def replace_object(owner: Owner, file_id: str, data: bytes) -> None:
    """Put something else in the place of a recording's file, as somebody with the bucket could."""
    state = owner.deps.audio_files.look(file_id)
    assert isinstance(state, AudioFile)
    owner.deps.clients.s3().put_object(Bucket=owner.deps.config.s3_bucket, Key=state.s3_key, Body=data)


def test_files_that_changed_places_are_refused(owner: Owner) -> None:
    """A file of the same person under another name, and one of somebody else, are refused; the events say so."""
    mine, other = owner.keep_sealed(LONG), owner.keep_sealed(b"other words")
    another = owner_of(owner.service)
    theirs = another.keep_sealed(b"their words")
    whole = {each: s3_bytes(who, each) for who, each in ((owner, mine), (owner, other), (another, theirs))}
    for put_there in (whole[other], whole[theirs], whole[mine][: 2 * MIB]):
        replace_object(owner, mine, put_there)
        assert code(owner.decrypt(mine)) == (422, "audio_damaged")
    assert owner.nothing_is_left_in_the_clear()
    events = [each["details"] for each in owner.deps.audit.all_of(owner.user.user_id)]
    assert events.count({"file_id": mine, "why": "AudioDamaged"}) == 3


def s3_bytes(owner: Owner, file_id: str) -> bytes:
    """The sealed file of a recording."""
    state = owner.deps.audio_files.look(file_id)
    assert isinstance(state, AudioFile)
    got = owner.deps.clients.s3().get_object(Bucket=owner.deps.config.s3_bucket, Key=state.s3_key)
    return bytes(got["Body"].read())


def test_somebody_without_an_audio_key(service: Service) -> None:
    """Nobody can have sealed anything for an account that has no key yet."""
    owner = owner_of(service)
    file_id = owner.keep_sealed(b"words")
    bare = owner.deps.users.find(owner.user.user_id)
    assert bare is not None
    owner.deps.users.update({"user_id": bare.user_id}, Change(remove=["audio_key_version"]))
    assert code(owner.decrypt(file_id)) == (422, "audio_damaged")


def test_what_was_sealed_under_an_older_key(owner: Owner) -> None:
    """Whoever gave the audio key up has another one, and hears that it does not open what came before."""
    file_id = owner.keep_sealed(b"words")
    owner.deps.users.update({"user_id": owner.user.user_id}, Change(set={"audio_key_version": 2}))
    assert code(owner.decrypt(file_id)) == (422, "sealed_under_old_key")
    assert not owner.copies()


def test_copies_go_with_their_recording(owner: Owner) -> None:
    """A deletion takes the decrypted copies, and what is being written, with it; another recording's stay."""
    file_id, other = owner.keep_sealed(b"words"), owner.keep_sealed(b"other")
    for each in (file_id, file_id, other):
        assert owner.decrypt(each).status_code == 200
    prefix = f"decrypted/{owner.user.user_id}/{file_id}/"
    s3, bucket = owner.deps.clients.s3(), owner.deps.config.s3_bucket
    s3.create_multipart_upload(Bucket=bucket, Key=f"{prefix}begun.3gp")
    assert len(owner.copies()) == 3
    assert owner.ask("DELETE", f"{FILES}/{file_id}").status_code == 200
    (left,) = owner.copies()
    assert f"/{other}/" in left
    assert not list(owner.deps.multipart.under("decrypted/"))


def test_two_at_once_have_a_copy_each(owner: Owner) -> None:
    """Each request has a copy of its own: what becomes of one does nothing to the other's."""
    file_id = owner.keep_sealed(b"words")
    one, other = owner.decrypt(file_id), owner.decrypt(file_id)
    assert one.get_json()["download_url"] != other.get_json()["download_url"]
    owner.deps.bucket.delete(owner.copies()[0])
    statuses = sorted(send_status(each) for each in (one, other))
    assert statuses == [200, 404]


def send_status(answer: Any) -> int:
    """The status of the address that was answered."""
    return send("GET", answer.get_json()["download_url"]).status


def test_too_many_at_once_are_told_to_wait(service_for: Callable[..., Service]) -> None:
    """Where all places are taken the answer is 503 with Retry-After, and a place that came free is used."""
    owner = owner_of(service_for(decrypts_at_once=1))
    owner.deps.decrypting.seconds = 0.01
    file_id = owner.keep_sealed(b"words")
    with owner.deps.decrypting.passing():
        answer = owner.decrypt(file_id)
        assert code(answer) == (503, "overloaded")
        assert int(answer.headers["Retry-After"]) >= 1
    assert owner.decrypt(file_id).status_code == 200


def test_a_large_upload_in_parts_is_decrypted(service_for: Callable[..., Service]) -> None:
    """A recording that came in parts is decrypted as one that came at once."""
    owner = owner_of(service_for(**SMALL_PARTS))
    clear = noise(6 * MIB)
    assert got(owner.decrypt(owner.keep_sealed(clear))) == clear
