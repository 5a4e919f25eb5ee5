"""Lists: newest first, page by page, nothing twice, nothing lost, and nobody else's."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from panzoto.models.audio_file import AudioFile, to_item

from .conftest import FILES, Phone

OLD = "/api/user/audio-files"


def many(phone: Phone, times: list[int], name: str = "f") -> list[str]:
    """Records of so many seconds ago; their ids."""
    now = phone.service.clock.now.timestamp()
    files = [
        AudioFile(
            file_id=f"{name}{number:04d}",
            user_id=phone.user.user_id,
            s3_key=f"users/{phone.user.user_id}/{name}{number}.3gp",
            file_size=1,
            uploaded_at=phone.service.clock.now.fromtimestamp(now - ago, phone.service.clock.now.tzinfo),
        )
        for number, ago in enumerate(times)
    ]
    phone.deps.audio_files.write_many(puts=[to_item(each) for each in files])
    return [each.file_id for each in files]


def pages(phone: Phone, limit: int, path: str = FILES) -> list[list[str]]:
    """The whole list, page by page."""
    found, cursor = [], ""
    while True:
        query = f"limit={limit}" + (f"&cursor={cursor}" if cursor else "")
        body = phone.ask("GET", f"{path}?{query}").get_json()
        found.append([each["file_id"] for each in body["audio_files"]])
        cursor = body["cursor"]
        if cursor is None:
            return found


@pytest.mark.parametrize("path", [FILES, OLD])
def test_newest_first_page_by_page(phone: Phone, path: str) -> None:
    """Fifty unless it is asked for otherwise; the last page has no cursor, full or not."""
    ids = many(phone, list(range(120)))
    first = phone.ask("GET", path).get_json()
    assert [each["file_id"] for each in first["audio_files"]] == ids[:50]
    assert [len(each) for each in pages(phone, 40, path)] == [40, 40, 40]
    assert sum(pages(phone, 50, path), []) == ids  # noqa: RUF017 (three pages)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 3), max_size=12), st.integers(1, 5))
def test_ties_lose_nothing(phone: Phone, times: list[int], limit: int) -> None:
    """Recordings of one second all come, each once, whatever the pages."""
    for each in phone.deps.audio_files.of(phone.user.user_id):
        phone.deps.audio_files.delete({"file_id": each["file_id"]})
    ids = many(phone, times)
    found = [each for page in pages(phone, limit) for each in page]
    assert sorted(found) == sorted(ids)
    assert [times[ids.index(each)] for each in found] == sorted(times)


def test_nobody_else_s(phone: Phone, another: Phone) -> None:
    """Somebody else's recordings are in no list, and to ask for one is as to ask for one that there is not."""
    kept = phone.keep()
    assert another.listed() == []
    for path in (f"{FILES}/{kept['file_id']}", f"{FILES}/{kept['file_id']}/download", f"{FILES}/unknown"):
        answer = another.ask("GET", path)
        assert (answer.status_code, answer.get_json()["code"]) == (404, "not_found")
    assert another.ask("DELETE", f"{FILES}/{kept['file_id']}").status_code == 404
    assert phone.listed() == [kept["file_id"]]


@pytest.mark.parametrize(
    "limit", ["0", "-1", "201", "1000", "abc", "", "1.5", "5.0", " 5", "5_0", "+5", "٣", "1e2", "NaN"]
)
@pytest.mark.parametrize("path", [FILES, OLD])
def test_a_bad_limit_is_refused(phone: Phone, path: str, limit: str) -> None:
    """Whatever is not a whole number from 1 to 200 is 400."""
    answer = phone.service.http.get(path, query_string={"limit": limit}, headers=_bearer(phone))
    assert (answer.status_code, answer.get_json()["code"]) == (400, "invalid_request")
    assert "limit" in answer.get_json()["error"]


@pytest.mark.parametrize("limit", [1, 200])
def test_the_bounds_are_allowed(phone: Phone, limit: int) -> None:
    """One, and two hundred."""
    assert phone.listed(limit=limit) == []


def test_a_cursor_is_its_owner_s_and_its_list_s(phone: Phone, another: Phone) -> None:
    """A cursor that was changed, invented, or given to somebody else is 400; another limit may go on with it."""
    ids = many(phone, list(range(5)))
    many(another, list(range(5)), "g")
    cursor: Any = phone.ask("GET", f"{FILES}?limit=2").get_json()["cursor"]
    assert phone.listed(limit=3, cursor=cursor) == ids[2:]
    for wrong in (cursor[:-2] + "AA", "A", "%00", "ü", "x" * 5000):
        answer = phone.service.http.get(FILES, query_string={"cursor": wrong}, headers=_bearer(phone))
        assert answer.status_code == 400
    stolen = another.ask("GET", f"{FILES}?cursor={cursor}")
    assert (stolen.status_code, stolen.get_json()["code"]) == (400, "invalid_cursor")


@pytest.mark.parametrize("file_id", ["x" * 3000, "a%00b", "%ff%fe", "..%2f..", "💥", "users%2Fme"])
def test_ids_that_are_none(phone: Phone, file_id: str) -> None:
    """An id that nobody ever gave is unknown, whatever it looks like."""
    for path in (f"{FILES}/{file_id}", f"{FILES}/{file_id}/download", f"{FILES}/uploads/{file_id}"):
        assert phone.ask("GET", path).status_code in {400, 404}


def test_everything_asks_for_a_sign_in(phone: Phone) -> None:
    """Without a token every route answers 401 before it looks at anything."""
    for method, path in (
        ("POST", f"{FILES}/uploads"),
        ("GET", f"{FILES}/uploads/f"),
        ("POST", f"{FILES}/uploads/f"),
        ("POST", f"{FILES}/uploads/f/complete"),
        ("DELETE", f"{FILES}/uploads/f"),
        ("POST", FILES),
        ("GET", FILES),
        ("GET", f"{FILES}/f"),
        ("GET", f"{FILES}/f/download"),
        ("DELETE", f"{FILES}/f"),
        ("POST", "/api/audio-file"),
        ("GET", OLD),
    ):
        assert phone.service.http.open(path, method=method, json={}).status_code == 401


def _bearer(phone: Phone) -> dict[str, str]:
    return {"Authorization": f"Bearer {phone.token}"}
