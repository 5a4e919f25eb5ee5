"""The process ends before each of a flow's calls to DynamoDB or S3: what is left is whole, or is swept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from werkzeug.test import TestResponse

import limits
from tests.support.effort import EVERY

from .conftest import FILES, MIB, SMALL_PARTS, Phone, items, noise, objects, put, put_parts, sweep

MOST_CALLS = 20
UNLIMITED = limits.changed("upload.account=1000000/1h")
BIG = 6 * MIB


class Crash(BaseException):
    """The process ends; no code of ours can hear of it."""


class Crashes:
    """Lets so many calls through, and then ends the process."""

    def __init__(self, phone: Phone) -> None:
        self.left: int | None = None
        for client, name in ((phone.deps.gateway._client, "dynamodb"), (phone.deps.bucket._client, "s3")):
            client.meta.events.register_first(f"before-send.{name}", self.meet)

    def meet(self, **_: object) -> None:
        """What happens to a request."""
        if self.left is None:
            return
        if self.left == 0:
            raise Crash
        self.left -= 1

    def each(self, prepare: Callable[[], Any], act: Callable[[Any], Any], least: int) -> Iterator[Any]:
        """What was prepared, after each of the crashes; it takes at least so many calls."""
        for calls in range(0, MOST_CALLS, EVERY):
            prepared = prepare()
            self.left = calls
            try:
                act(prepared)
            except Crash:
                ended = False
            else:
                ended = True
            self.left = None
            yield prepared
            if ended:
                assert calls >= least
                return
        raise AssertionError("the flow did not end")


@pytest.fixture
def phone(phone_for: Callable[..., Phone]) -> Phone:
    """A phone of a service without limits, with small parts."""
    return phone_for(rate_limits=UNLIMITED, **SMALL_PARTS)


def nothing_is_left(phone: Phone) -> bool:
    """Whether no object, part or item is there."""
    return not objects(phone.deps) and not items(phone.deps) and not list(phone.deps.multipart.under(""))


@pytest.mark.parametrize("size", [5, BIG], ids=["at once", "in parts"])
def test_begin(phone: Phone, size: int) -> None:
    """Either the upload is there and can be given up, or whatever is left of it is swept."""
    body = {"filename": "note.3gp", "content_type": "audio/3gpp", "file_size": size}
    for _ in Crashes(phone).each(lambda: 0, lambda _: phone.ask("POST", f"{FILES}/uploads", body), 3):
        assert phone.listed() == []
        sweep(phone, "--yes", all_is_old=True)
        assert nothing_is_left(phone)


def test_complete(phone: Phone) -> None:
    """Whoever got no answer asks again, and the object is there, once and whole."""
    data = noise(BIG)

    def begun() -> dict[str, Any]:
        made = phone.begin(data)
        put_parts(made, data)
        return made

    def complete(made: dict[str, Any]) -> TestResponse:
        return phone.ask("POST", made["upload"]["complete"])

    for made in Crashes(phone).each(begun, complete, 5):
        assert complete(made).status_code == 200
        stored = phone.deps.bucket.find(made["s3_key"])
        assert stored is not None
        assert stored.size == BIG


def test_record(phone: Phone) -> None:
    """Either there is nothing and asking again records it, or it is recorded and asking again gives the same."""

    def begun() -> dict[str, Any]:
        made = phone.begin(b"sealed")
        put(made, b"sealed")
        return made

    for made in Crashes(phone).each(begun, lambda made: phone.record(made, 6), 4):
        before = phone.listed()
        again = phone.record(made, 6)
        assert again.status_code == (200 if made["file_id"] in before else 201)
        assert phone.listed().count(made["file_id"]) == 1
        assert again.get_json()["audio_file"]["file_id"] == made["file_id"]


@pytest.mark.parametrize("by", ["asking again", "the sweep"])
def test_delete(phone: Phone, by: str) -> None:
    """Either nothing has happened, or it is off the list, and asking again or the sweep finishes it."""

    def delete(kept: dict[str, Any]) -> int:
        return phone.ask("DELETE", f"{FILES}/{kept['file_id']}").status_code

    for kept in Crashes(phone).each(phone.keep, delete, 6):
        if kept["file_id"] in phone.listed():
            assert phone.ask("GET", f"{FILES}/{kept['file_id']}/download").status_code == 200
            assert delete(kept) == 200
        elif by == "asking again":
            assert delete(kept) in {200, 404}
        else:
            sweep(phone, all_is_old=True)
        assert nothing_is_left(phone)
        assert delete(kept) == 404


def test_give_up(phone: Phone) -> None:
    """An upload in parts that is half given up is finished by the sweep."""
    data = noise(BIG)

    def give_up(made: dict[str, Any]) -> TestResponse:
        return phone.ask("DELETE", f"{FILES}/uploads/{made['file_id']}")

    for _ in Crashes(phone).each(lambda: phone.begin(data), give_up, 5):
        sweep(phone, all_is_old=True)
        assert nothing_is_left(phone)
