"""A long recording through gunicorn and nginx: at the pace of its listener, on no disk, and whole or broken off."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from typing import Any

import pytest

from tests.audio.conftest import FILES, MIB
from tests.audio.test_decrypt_gunicorn import App
from tests.support import server as gunicorn
from tests.support.effort import tried_in_ci
from tests.support.nginx import HOST, Nginx, nginx_before
from tests.support.sealed_s3 import Recording, holding

LENGTH = 1024 * MIB
# What sockets and buffers between S3 and a listener hold, and far less than the recording.
ON_ITS_WAY = 64 * MIB
SECONDS = 60


@pytest.fixture(scope="module")
def recording() -> Recording:
    """A recording of a gibibyte; whose it is will be known when they have registered."""
    return Recording(LENGTH)


@pytest.fixture(scope="module")
def nginx(
    environ: dict[str, str], ministack: str, recording: Recording, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Nginx]:
    """nginx, gunicorn, DynamoDB as ever, and an S3 that makes up what it is asked for."""
    with holding(recording) as s3:
        changes = {"AWS_ENDPOINT_URL": s3, "DYNAMODB_ENDPOINT": ministack, "WEB_CONCURRENCY": "1"}
        folder = tmp_path_factory.mktemp("nginx")
        with gunicorn.serving(environ | changes) as server, nginx_before(server.port, folder) as made:
            yield made


def listening(nginx: Nginx, recording: Recording, email: str, damaged: int | None = None) -> ssl.SSLSocket:
    """A connection on which the recording of somebody new begins to come; its head has been read."""
    recording.damaged = damaged
    server: Any = nginx
    app = App(server, email)
    recording.audio_key, recording.s3_key = app.audio_key, f"users/{app.answer['user_id']}/long.3gp"
    made = app.ask("POST", "/api/audio-file", {"s3_key": recording.s3_key, "file_size": recording.size}, 201)
    file_id = made["audio_file"]["file_id"]
    head = [
        f"GET {FILES}/{file_id}/content HTTP/1.1",
        f"Host: {HOST}",
        f"Authorization: Bearer {app.token}",
        f"X-Content-Token: {app.content_token(file_id)}",
    ]
    recording.held_back.clear()
    recording.sent = 0
    connection = nginx.raw()
    connection.sendall("\r\n".join([*head, "", ""]).encode())
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += connection.recv(1)
    assert answer.startswith(b"HTTP/1.1 200")
    assert f"Content-Length: {recording.length}".encode() in answer
    return connection


@tried_in_ci
def test_a_gibibyte_goes_through_and_stays_nowhere(nginx: Nginx, recording: Recording) -> None:
    """While the listener waits S3 is held back; then all of it comes, and no file has held it."""
    with listening(nginx, recording, "listener@example.com") as connection:
        assert recording.held_back.wait(SECONDS)
        assert recording.sent < ON_ITS_WAY
        room, got = memoryview(bytearray(MIB)), 0
        while got < recording.length:
            count = connection.recv_into(room)
            assert count > 0
            assert bytes(room[:count]).count(0) == count
            got += count
    assert "temporary file" not in nginx.said()


def test_a_damaged_recording_is_not_taken_for_whole(nginx: Nginx, recording: Recording) -> None:
    """What breaks off behind nginx breaks off before it: the listener gets less than was said."""
    with listening(nginx, recording, "another@example.com", damaged=5) as connection:
        got = sum(map(len, iter(lambda: connection.recv(MIB), b"")))
    assert got < 5 * MIB
