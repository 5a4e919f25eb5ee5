"""Recordings in clear on gunicorn: the whole way of a phone, streams that break off, workers that are killed."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import orjson
import pytest

from config import Config
from panzoto.crypto import keys
from panzoto.crypto.gate import Gate
from panzoto.crypto.keys import PasswordKeys
from panzoto.crypto.profiles import Profile
from panzoto.deps import Deps, build
from tests.crypto.streams import encrypted_by_tink, recording
from tests.support import server as gunicorn
from tests.support.effort import tried_in_ci
from tests.support.furnishing import furnish
from tests.support.stalling import stalling_at

from .conftest import FILES, MIB, put, send
from .test_decrypt import DAMAGE
from .test_gunicorn import JSON

EMAIL, PASSWORD, NEW_PASSWORD = "test@example.com", "SecurePassword123!", "AnotherPassword456!"
AUTH = "/api/v1/auth"
CLEAR = recording(3 * MIB)
SECONDS = 60
QUICK = {"ARGON2_MEMORY_KIB": "12288", "ARGON2_ITERATIONS": "3"}


class App:
    """Somebody's app, which knows their password, and speaks to the server through sockets."""

    def __init__(self, server: gunicorn.Server, email: str = EMAIL) -> None:
        self.server, self.email, self.password = server, email, PASSWORD
        self.links: list[str] = []
        self.took_in(self.ask("POST", "/api/register", {"email": email, "password": PASSWORD}, 201))

    def took_in(self, answer: Mapping[str, Any]) -> None:
        """What a sign-in has answered: a token, and the audio key, which the password opens."""
        self.answer, self.token = answer, str(answer["token"])
        wrapping = PasswordKeys(Profile(12288, 3, 1), Gate(1)).derive(
            self.password, bytes.fromhex(answer["key_salt"]), answer["kdf"]
        )
        self.audio_key = keys.unwrap(answer["wrapped_audio_key"], wrapping, answer["user_id"])

    def ask(self, method: str, path: str, body: Any = None, status: int = 200, **headers: str) -> dict[str, Any]:
        """One request, and its answer, which has that status."""
        bearer = {"Authorization": f"Bearer {self.token}"} if hasattr(self, "token") else {}
        data = None if body is None else orjson.dumps(body)
        answer = self.server.ask(method, path, data, {**JSON, **bearer, **headers})
        found: dict[str, Any] = orjson.loads(answer.body)
        assert answer.status == status, found
        return found

    def store(self, clear: bytes, change: Callable[[bytes], bytes] = lambda sealed: sealed) -> str:
        """Begin, seal with the tink package, PUT, record; the id."""
        length = len(change(encrypted_by_tink(clear, key=self.audio_key, name="any")))
        body = {"filename": "note.3gp", "content_type": "audio/3gpp", "file_size": length}
        begun = self.ask("POST", f"{FILES}/uploads", body, 201)
        sealed = change(encrypted_by_tink(clear, key=self.audio_key, name=begun["s3_key"]))
        assert put(begun, sealed).status == 200
        self.ask("POST", FILES, {"s3_key": begun["s3_key"], "file_size": length}, 201)
        return str(begun["file_id"])

    def decrypted(self, file_id: str) -> bytes:
        """What is at the address that a decryption answers."""
        answer = self.ask("POST", f"{FILES}/{file_id}/decrypt", {"password": self.password})
        return send("GET", answer["download_url"]).body

    def content_token(self, file_id: str) -> str:
        """A token for the stream."""
        return str(self.ask("POST", f"{FILES}/{file_id}/content", {"password": self.password})["content_token"])

    def reset_link(self) -> str:
        """The token in the mail that a forgotten password brings."""
        self.ask("POST", f"{AUTH}/password/forgot", {"email": self.email}, 202)
        ends = time.monotonic() + SECONDS
        while time.monotonic() < ends:
            mails = orjson.loads(self.server.ask("GET", "/dev/outbox.json").body)
            found = [each["text"] for each in mails if each["to"] == self.email and "/reset/" in each["text"]]
            new = [link for text in found if (link := text.split("/reset/")[1].split()[0]) not in self.links]
            if new:
                self.links.append(str(new[0]))
                return self.links[-1]
            time.sleep(0.02)  # between two looks; the deadline above is what decides
        raise AssertionError("no mail came")


@pytest.fixture
def parts(ministack: str, config_for: Callable[..., Config]) -> Deps:
    """What servers stand on: tables, bucket, key, sender."""
    made = build(config_for())
    furnish(made.config)
    return made


@pytest.fixture
def serve(ministack: str, account: str, parts: Deps) -> Callable[..., Any]:
    """Starts a gunicorn with further variables."""

    @contextmanager
    def served(**changes: str) -> Iterator[gunicorn.Server]:
        with gunicorn.serving(environment(ministack, account, parts, **changes)) as server:
            yield server

    return served


def environment(ministack: str, account: str, parts: Deps, **changes: str) -> dict[str, str]:
    """The variables of a server, or of a command."""
    ours = {"S3_BUCKET": parts.config.s3_bucket, "OUTBOX_URL": ministack, **QUICK}
    return gunicorn.environment(ministack, account, **ours, **changes)


def test_the_whole_way_of_a_phone(serve: Callable[..., Any]) -> None:
    """Register, upload what Tink has sealed, list, decrypt, get: also after a change and a reset of the password.

    After a reset without the recovery key what was sealed before is refused, with the reason, and what is new is read.
    """
    with serve() as server:
        app = App(server)
        recovery_key, file_id = app.answer["recovery_key"], app.store(CLEAR)
        assert [each["file_id"] for each in app.ask("GET", FILES)["audio_files"]] == [file_id]
        assert app.decrypted(file_id) == CLEAR
        old = app.ask("POST", "/api/decrypt-audio", {"password": PASSWORD, "file_id": file_id})
        assert (old["status"], send("GET", old["download_url"]).body) == ("ready_for_transcription", CLEAR)
        body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
        app.password = NEW_PASSWORD
        app.took_in(app.ask("POST", f"{AUTH}/password/change", body))
        assert app.ask("POST", f"{FILES}/{file_id}/decrypt", {"password": PASSWORD}, 401)["code"] == "wrong_password"
        assert app.decrypted(file_id) == CLEAR
        app.password = "A third password 789!"
        reset = {"token": app.reset_link(), "new_password": app.password, "recovery_key": recovery_key}
        app.took_in(app.ask("POST", f"{AUTH}/password/reset", reset))
        assert app.decrypted(file_id) == CLEAR
        app.password = "A fourth password 789!"
        reset = {"token": app.reset_link(), "new_password": app.password, "abandon_audio": True}
        app.took_in(app.ask("POST", f"{AUTH}/password/reset", reset))
        for way in ("decrypt", "content"):
            refused = app.ask("POST", f"{FILES}/{file_id}/{way}", {"password": app.password}, 422)
            assert refused["code"] == "sealed_under_old_key"
            assert "given up when the password was reset" in refused["error"]
        assert app.decrypted(app.store(b"new words")) == b"new words"


def raw(server: gunicorn.Server, path: str, *headers: str) -> socket.socket:
    """A connection on which a GET has been asked, byte by byte as it is written here."""
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=20)
    lines = [f"GET {path} HTTP/1.1", "Host: x", *headers, "", ""]
    connection.sendall("\r\n".join(lines).encode())
    return connection


def test_a_stream_breaks_off(serve: Callable[..., Any]) -> None:
    """A bad segment ends the connection before `Content-Length` is met, and the server goes on, without a traceback."""
    with serve() as server:
        app = App(server)
        file_id = app.store(recording(8 * MIB), DAMAGE["a bit of a later segment"])
        token = f"X-Content-Token: {app.content_token(file_id)}"
        with raw(server, f"{FILES}/{file_id}/content", f"Authorization: Bearer {app.token}", token) as connection:
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")
        assert f"Content-Length: {8 * MIB}".encode() in head
        assert 0 < len(body) < 2 * MIB
        assert recording(8 * MIB).startswith(body)
        assert app.decrypted(app.store(b"words")) == b"words"
    lines = [orjson.loads(line) for line in server.output]
    assert [line["why"] for line in lines if line["event"] == "content_cut_off"] == ["AudioDamaged"]
    assert not [line for line in lines if "exception" in line]
    assert app.audio_key.hex() not in "".join(server.output)


def test_a_player_that_goes_away(serve: Callable[..., Any]) -> None:
    """Whoever closes in the midst of a stream frees its place for the next."""
    with serve(DECRYPTS_AT_ONCE="1", WEB_CONCURRENCY="1") as server:
        app = App(server)
        file_id = app.store(recording(24 * MIB))
        token = {"X-Content-Token": app.content_token(file_id)}
        bearer = {"Authorization": f"Bearer {app.token}"}
        for _ in range(3):
            given = [f"{name}: {value}" for name, value in {**bearer, **token}.items()]
            with raw(server, f"{FILES}/{file_id}/content", *given) as connection:
                assert connection.recv(12) == b"HTTP/1.1 200"
        answer = server.ask("GET", f"{FILES}/{file_id}/content", None, {**bearer, **token, "Range": "bytes=5-9"})
        assert (answer.status, answer.body) == (206, recording(24 * MIB)[5:10])


def command(environ: Mapping[str, str], *words: str) -> subprocess.Popen[bytes]:
    """A command of operators as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "wsgi:app", "audio", *words],
        env={**environ, "PYTHONPATH": str(gunicorn.ROOT)},
        cwd=gunicorn.ROOT,
        stdout=subprocess.DEVNULL,
    )


@tried_in_ci
def test_a_worker_is_killed(serve: Callable[..., Any], parts: Deps, ministack: str, account: str) -> None:
    """`kill -9` in the midst of an upload in parts: another worker takes over, and nothing of the first is left."""
    lease = {"DECRYPT_JOB_LEASE": "2s", "DECRYPT_ASYNC_FROM_BYTES": "1"}
    with serve(DECRYPT_JOBS_AT_ONCE="0", **lease) as server:
        app = App(server)
        clear = recording(17 * MIB)
        file_id = app.store(clear)
        job = app.ask("POST", f"{FILES}/{file_id}/decrypt", {"password": PASSWORD}, 202)
        with stalling_at(b"partNumber=1", ministack) as way:
            stalled = environment(way.address, account, parts, **lease)
            first = command(stalled | {"AWS_ENDPOINT_URL": way.address, "OUTBOX_URL": ministack}, "work")
            assert way.stalled.wait(SECONDS)
            assert len(list(parts.multipart.under("decrypted/"))) == 1
            assert app.ask("GET", job["status_url"])["status"] == "running"
            first.send_signal(signal.SIGKILL)
            first.wait(SECONDS)
        second = command(environment(ministack, account, parts, **lease), "work", "--once")
        assert second.wait(SECONDS) == 0
        done = app.ask("GET", job["status_url"])
        assert (done["status"], send("GET", done["download_url"]).body) == ("done", clear)
        assert not list(parts.multipart.under("decrypted/"))
        assert len(list(parts.bucket.under("decrypted/"))) == 1


@tried_in_ci
def test_a_command_that_is_asked_to_end(serve: Callable[..., Any], parts: Deps, ministack: str, account: str) -> None:
    """SIGTERM gives the job back at once: whoever comes next need not wait for the lease."""
    long = {"DECRYPT_JOB_LEASE": "10m", "DECRYPT_ASYNC_FROM_BYTES": "1"}
    with serve(DECRYPT_JOBS_AT_ONCE="0", **long) as server:
        app = App(server)
        file_id = app.store(recording(17 * MIB))
        job = app.ask("POST", f"{FILES}/{file_id}/decrypt", {"password": PASSWORD}, 202)
        with stalling_at(b"partNumber=2", ministack) as way:
            stalled = environment(way.address, account, parts, **long)
            first = command(stalled | {"OUTBOX_URL": ministack}, "work")
            assert way.stalled.wait(SECONDS)
            first.send_signal(signal.SIGTERM)
            assert first.wait(SECONDS) == 0
        assert app.ask("GET", job["status_url"])["status"] == "queued"
        second = command(environment(ministack, account, parts, **long), "work", "--once")
        assert second.wait(SECONDS) == 0
        assert app.ask("GET", job["status_url"])["status"] == "done"


def test_a_server_finds_what_was_left(serve: Callable[..., Any], parts: Deps) -> None:
    """A process that starts looks once for jobs, and does them without anybody asking; then it asks no more."""
    with serve(DECRYPT_JOBS_AT_ONCE="0", DECRYPT_ASYNC_FROM_BYTES="1") as server:
        app = App(server)
        file_id = app.store(CLEAR)
        app.ask("POST", f"{FILES}/{file_id}/decrypt", {"password": PASSWORD}, 202)
    with serve(DECRYPT_ASYNC_FROM_BYTES="1"):
        ends = time.monotonic() + SECONDS
        while parts.audio_jobs.open_jobs():
            assert time.monotonic() < ends
    found = parts.audio_jobs.find("decrypt", file_id)
    assert found is not None
    assert found.state == "done"
