"""Streams: by a token for one recording and session, by range, verified, broken off, and freed."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from panzoto.crypto.content_tokens import ContentTokens, Grant, Holder
from panzoto.errors import ContentTokenNeeded
from panzoto.web.streaming import CutOff
from tests.accounts.conftest import PASSWORD, Service
from tests.crypto.streams import recording
from tests.support.phones import signed_in

from .conftest import FILES, MIB
from .sealing import Owner, code, owner_of, with_password
from .test_decrypt import DAMAGE, EACH, FIRST, replace_object, s3_bytes

CLEAR = recording(FIRST + 2 * EACH + 1000)
ALL = len(CLEAR)


@pytest.fixture
def owner(service: Service) -> Owner:
    """Somebody without a password, signed in a moment ago."""
    return owner_of(service)


def test_the_whole(owner: Owner) -> None:
    """All of it, with its exact length, as the type that it was recorded with, and for no cache or browser to show."""
    file_id = owner.keep_sealed(CLEAR, filename='Anna\'s "ä".3gp')
    answer = owner.content(file_id)
    assert (answer.status_code, answer.data) == (200, CLEAR)
    headers = answer.headers
    assert (headers["Content-Length"], headers["Content-Type"], headers["Accept-Ranges"]) == (
        str(ALL),
        "audio/3gpp",
        "bytes",
    )
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Accel-Buffering"] == "no"
    assert headers["Content-Disposition"] == (
        f"attachment; filename=\"{file_id}.3gp\"; filename*=UTF-8''Anna%27s%20%22%C3%A4%22.3gp"
    )
    assert "sandbox" in headers["Content-Security-Policy"]
    assert "Content-Range" not in headers
    assert owner.nothing_is_left_in_the_clear()


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-", 0, ALL),
        ("bytes=5-9", 5, 10),
        (f"bytes={FIRST - 1}-{FIRST}", FIRST - 1, FIRST + 1),
        (f"bytes={FIRST}-{FIRST + EACH - 1}", FIRST, FIRST + EACH),
        (f"bytes={FIRST + EACH + 3}-", FIRST + EACH + 3, ALL),
        ("bytes=-1", ALL - 1, ALL),
        ("bytes=-1500", ALL - 1500, ALL),
        (f"bytes=-{ALL + 9}", 0, ALL),
        (f"bytes=10-{10**40}", 10, ALL),
        (f"bytes={ALL - 1}-{ALL}", ALL - 1, ALL),
        ("BYTES=00007-0008", 7, 9),
    ],
)
def test_a_range(owner: Owner, asked: str, start: int, stop: int) -> None:
    """206 with exactly what was asked for, wherever segments end."""
    answer = owner.content(owner.keep_sealed(CLEAR), Range=asked)
    assert (answer.status_code, answer.data) == (206, CLEAR[start:stop])
    assert answer.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{ALL}"
    assert answer.headers["Content-Length"] == str(stop - start)


@pytest.mark.parametrize("asked", ["bytes=5-2", "bytes=0-1,3-4", "bytes", "bytes=-", "items=0-1", "bytes=a-b", ""])
def test_what_is_no_range_is_passed_over(owner: Owner, asked: str) -> None:
    """Several ranges, another unit, or none at all: the whole."""
    answer = owner.content(owner.keep_sealed(b"words"), Range=asked)
    assert (answer.status_code, answer.data) == (200, b"words")


@pytest.mark.parametrize("asked", [f"bytes={ALL}-", f"bytes={ALL + 5}-{ALL + 9}", "bytes=-0", f"bytes={10**30}-"])
def test_a_range_beyond_the_end(owner: Owner, asked: str) -> None:
    """416, and how long the recording is."""
    answer = owner.content(owner.keep_sealed(CLEAR), Range=asked)
    assert code(answer) == (416, "range_not_satisfiable")
    assert answer.headers["Content-Range"] == f"bytes */{ALL}"


def test_a_recording_of_no_bytes(owner: Owner) -> None:
    """It has a length of nothing and no range."""
    file_id = owner.keep_sealed(b"")
    answer = owner.content(file_id)
    assert (answer.status_code, answer.data, answer.headers["Content-Length"]) == (200, b"", "0")
    assert code(owner.content(file_id, Range="bytes=0-")) == (416, "range_not_satisfiable")


def test_if_range(owner: Owner) -> None:
    """The range counts while the recording is the same; otherwise, and for a date, the whole is answered."""
    file_id = owner.keep_sealed(b"words")
    etag = owner.content(file_id).headers["ETag"]
    same = owner.content(file_id, Range="bytes=1-2", If_Range=etag)
    assert (same.status_code, same.data) == (206, b"or")
    for other in ('"another"', f"W/{etag}", "Fri, 20 Nov 2026 09:00:00 GMT"):
        assert owner.content(file_id, Range="bytes=1-2", If_Range=other).status_code == 200


def test_head(owner: Owner) -> None:
    """The same headers, and no body."""
    file_id = owner.keep_sealed(CLEAR)
    answer, whole = owner.content(file_id, "HEAD"), owner.content(file_id)
    assert (answer.status_code, answer.data) == (200, b"")
    names = ("Content-Length", "Content-Type", "ETag", "Accept-Ranges", "Content-Disposition")
    assert [answer.headers[name] for name in names] == [whole.headers[name] for name in names]
    assert owner.content(file_id, "HEAD", Range="bytes=1-5").headers["Content-Length"] == "5"


def test_a_token_instead_of_a_sign_in_of_a_moment_ago(service: Service) -> None:
    """Whoever has a password proves it once, and streams for some minutes in that session, that recording alone."""
    owner = with_password(service, service.register(), PASSWORD)
    file_id, other = owner.keep_sealed(CLEAR), owner.keep_sealed(b"other")
    assert code(owner.content(file_id)) == (403, "content_token_needed")
    assert code(owner.ask("POST", f"{FILES}/{file_id}/content", {})) == (400, "invalid_request")
    assert code(owner.ask("POST", f"{FILES}/{file_id}/content", {"password": "another"})) == (401, "wrong_password")
    answer = owner.ask("POST", f"{FILES}/{file_id}/content", {"password": PASSWORD}).get_json()
    token = answer["content_token"]
    assert answer["content_url"] == f"{FILES}/{file_id}/content"
    assert (answer["content_length"], answer["content_type"]) == (ALL, "audio/3gpp")
    stream = owner.content(file_id, X_Content_Token=token)
    assert (stream.data, stream.headers["ETag"]) == (CLEAR, answer["etag"])
    assert owner.content(file_id, X_Content_Token=token, Range="bytes=7-8").data == CLEAR[7:9]
    elsewhere = replace(owner, token=signed_in(owner.deps, owner.user).access_token)
    for who, which, what in (
        (owner, other, token),
        (elsewhere, file_id, token),
        (owner, file_id, token[:-2] + "AA"),
        (owner, file_id, "ct1.AAAA"),
        (owner, file_id, "ct1.é"),
        (owner, file_id, "rt1.nothing"),
    ):
        assert code(who.content(which, X_Content_Token=what)) == (403, "content_token_needed")
    service.clock.pass_by(minutes=14, seconds=50)
    assert owner.content(file_id, X_Content_Token=token, Range="bytes=0-3").status_code == 206
    service.clock.pass_by(seconds=15)
    owner = replace(owner, token=owner.token)
    assert owner.content(file_id, X_Content_Token=token).status_code in {401, 403}


def test_tokens_end_and_keep_to_their_holder(service: Service) -> None:
    """A token says what it was made to say to its holder, until its time is over, and nothing to anybody else."""
    now = service.clock.now.replace(microsecond=0)
    tokens, key = ContentTokens(bytes(32)), secrets.token_bytes(32)
    grant = Grant(expires_at=now + timedelta(minutes=1), size=77, header=bytes([40]) * 40, etag='"e"', key=key)
    holder = Holder("me", "session", "file")
    text = tokens.seal(grant, holder)
    assert tokens.open(text, holder, now) == grant
    assert key.hex() not in repr(grant)
    for other in (Holder("you", "session", "file"), Holder("me", "other", "file"), Holder("me", "session", "x")):
        with pytest.raises(ContentTokenNeeded):
            tokens.open(text, other, now)
    with pytest.raises(ContentTokenNeeded):
        tokens.open(text, holder, now + timedelta(minutes=1))
    with pytest.raises(ContentTokenNeeded):
        ContentTokens(bytes([1]) * 32).open(text, holder, now)


def test_a_file_that_took_the_place_of_another(owner: Owner) -> None:
    """A token is for the very file that was there: another under the same key is 409, a deleted one 404 or 409."""
    file_id = owner.keep_sealed(CLEAR)
    token = owner.token_for(file_id)
    replace_object(owner, file_id, s3_bytes(owner, file_id)[:MIB])
    assert code(owner.content(file_id, X_Content_Token=token)) == (409, "conflict")
    owner.ask("DELETE", f"{FILES}/{file_id}")
    assert code(owner.content(file_id, X_Content_Token=token)) == (404, "not_found")


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_found_before_or_breaks_off(owner: Owner, damage: str) -> None:
    """What is damaged at its beginning or its end is 422; within, the stream breaks off before its length is met."""
    file_id = owner.keep_sealed(recording(4 * MIB), DAMAGE[damage])
    answer = owner.ask("POST", f"{FILES}/{file_id}/content", {})
    if answer.status_code == 422:
        assert code(answer) == (422, "audio_damaged")
        assert code(owner.content(file_id, Range="bytes=0-0")) == (422, "audio_damaged")
        return
    stream = owner.content(file_id)
    if stream.status_code == 422:
        return
    pieces: list[bytes] = []
    with pytest.raises(CutOff):
        pieces.extend(stream.iter_encoded())
    assert sum(map(len, pieces)) < int(stream.headers["Content-Length"])
    assert recording(4 * MIB).startswith(b"".join(pieces))


def test_a_truncated_file_is_refused_by_range_too(owner: Owner) -> None:
    """A range of what is left of a file that was cut where a segment ends is refused: the last segment comes first."""
    file_id = owner.keep_sealed(CLEAR, lambda sealed: sealed[: 2 * MIB])
    assert code(owner.content(file_id, Range="bytes=0-9")) == (422, "audio_damaged")


def test_a_damaged_segment_is_not_in_the_way_of_others(owner: Owner) -> None:
    """A range that does not need it is streamed; one that begins with it is 422."""
    file_id = owner.keep_sealed(CLEAR, DAMAGE["a bit of a later segment"])
    assert owner.content(file_id, Range="bytes=0-9").data == CLEAR[:10]
    assert code(owner.content(file_id, Range=f"bytes={FIRST + 5}-{FIRST + 9}")) == (422, "audio_damaged")


def test_only_what_is_needed_is_fetched(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a token one request to S3 fetches the segments of the range, and nothing else."""
    file_id = owner.keep_sealed(CLEAR)
    token = owner.token_for(file_id)
    asked: list[str] = []
    client = owner.deps.objects._client
    client.meta.events.register("before-send.s3", lambda request, **_: asked.append(str(request.headers["Range"])))
    assert owner.content(file_id, X_Content_Token=token, Range=f"bytes={FIRST + 5}-{FIRST + 9}").status_code == 206
    (header,) = asked
    assert f"bytes={MIB}-{2 * MIB - 1}" in header


def test_a_client_that_goes_away_frees_everything(service_for: Callable[..., Service]) -> None:
    """A stream that is closed in its midst, or never begun, gives its place and its connection back."""
    owner = owner_of(service_for(decrypts_at_once=1))
    owner.deps.decrypting.seconds = 0.01
    file_id = owner.keep_sealed(CLEAR)
    token = owner.token_for(file_id)
    for taken in (0, 1):
        stream = owner.content(file_id, X_Content_Token=token)
        pieces = stream.iter_encoded()
        for _ in range(taken):
            next(pieces)
        assert code(owner.content(file_id, X_Content_Token=token)) == (503, "overloaded")
        stream.close()
    assert owner.content(file_id, X_Content_Token=token).data == CLEAR


def test_a_failed_beginning_frees_its_place(service_for: Callable[..., Service]) -> None:
    """A stream whose first piece is refused holds no place."""
    owner = owner_of(service_for(decrypts_at_once=1))
    owner.deps.decrypting.seconds = 0.01
    damaged, whole = owner.keep_sealed(CLEAR, DAMAGE["a bit of the first segment"]), owner.keep_sealed(b"words")
    token = owner.token_for(damaged)
    for _ in range(3):
        assert code(owner.content(damaged, X_Content_Token=token)) == (422, "audio_damaged")
    assert owner.content(whole).data == b"words"


def test_without_a_type_it_is_bytes(owner: Owner) -> None:
    """A record of older software has no type and no name."""
    key = f"users/{owner.user.user_id}/old.3gp"
    s3 = owner.deps.clients.s3()
    s3.put_object(Bucket=owner.deps.config.s3_bucket, Key=key, Body=owner.seal(b"old", key))
    for file_id in ('o"ld', "ält"):
        owner.deps.audio_files.put({"file_id": file_id, "user_id": owner.user.user_id, "s3_key": key, "uploaded_at": 1})
        answer = owner.content(file_id)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/octet-stream")
        assert answer.headers["Content-Disposition"] in {
            'attachment; filename="old.3gp"',
            'attachment; filename="recording"',
        }
