"""The seed's commands as they are written, and a recording through real sockets, on gunicorn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson
import pytest

from tests.support import server as gunicorn
from tests.support.configs import configured
from tests.support.furnishing import furnish

from .conftest import FILES, put, send

JSON = {"Content-Type": "application/json"}
PERSON = b'{"email": "test@example.com", "password": "SecurePassword123!"}'
EXAMPLE = b'{"s3_key": "users/test-user/audio-123.3gp", "file_size": 1024}'


@pytest.fixture
def server(ministack: str, account: str) -> Iterator[gunicorn.Server]:
    """A gunicorn of two processes, with its tables and its bucket."""
    config = configured(account, ministack)
    furnish(config)
    with gunicorn.serving(gunicorn.environment(ministack, account, S3_BUCKET=config.s3_bucket)) as serving:
        yield serving


def asked(
    server: gunicorn.Server, method: str, path: str, body: object = None, headers: Mapping[str, str] = JSON
) -> tuple[int, Any]:
    """The status and the body of an answer."""
    answer = server.ask(method, path, body, headers)
    return answer.status, orjson.loads(answer.body)


def test_the_seed_s_commands(server: gunicorn.Server) -> None:
    """Register, log in, record a key that was never uploaded, list: each as the seed writes it."""
    assert asked(server, "POST", "/api/register", PERSON)[0] == 201
    status, signed_in = asked(server, "POST", "/api/login", PERSON)
    assert status == 200
    bearer = {"Authorization": f"Bearer {signed_in['token']}"}
    status, made = asked(server, "POST", "/api/audio-file", EXAMPLE, JSON | bearer)
    file = made["audio_file"]
    assert (status, file["s3_key"], file["file_size"]) == (201, "users/test-user/audio-123.3gp", 1024)
    assert {"file_id", "user_id", "s3_key", "file_size", "uploaded_at"} <= set(file)
    assert asked(server, "GET", "/api/user/audio-files", None, bearer)[1]["audio_files"] == [file]
    assert asked(server, "GET", "/api/user/audio-files?limit=0", None, bearer)[0] == 400
    assert asked(server, "GET", "/api/user/audio-files", None, {})[0] == 401


def test_a_recording_through_sockets(server: gunicorn.Server) -> None:
    """Begin, PUT, record, list, download, delete."""
    signed_in = asked(server, "POST", "/api/register", PERSON)[1]
    headers = JSON | {"Authorization": f"Bearer {signed_in['token']}"}
    body = b'{"filename": "note.3gp", "content_type": "audio/3gpp", "file_size": 6}'
    status, begun = asked(server, "POST", f"{FILES}/uploads", body, headers)
    assert (status, put(begun, b"sealed").status) == (201, 200)
    record = orjson.dumps({"s3_key": begun["s3_key"], "file_size": 6})
    assert asked(server, "POST", FILES, record, headers)[0] == 201
    assert [each["file_id"] for each in asked(server, "GET", FILES, None, headers)[1]["audio_files"]] == [
        begun["file_id"]
    ]
    download = asked(server, "GET", f"{FILES}/{begun['file_id']}/download", None, headers)[1]
    assert send("GET", download["download_url"]).body == b"sealed"
    assert asked(server, "DELETE", f"{FILES}/{begun['file_id']}", None, headers) == (200, {"status": "deleted"})
    assert send("GET", download["download_url"]).status == 404
