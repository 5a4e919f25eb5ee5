"""A sealed recording decrypted end to end by a gunicorn of one process, on the embedded AWS: S3 → decrypt → S3.

For each length the time from the request to the answer (or to `done`, after an answer of 202), and the most memory that
the process has had meanwhile, above what it had when it was idle. The owner has no password: Argon2id would take its 46
MiB before, and give them back. The embedded AWS runs on the same machine and takes as much of it as the service does.
"""

from __future__ import annotations

import secrets
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import orjson

from benchmarks.measuring import Measured
from panzoto.crypto.streaming.audio import AudioEncryptor
from panzoto.crypto.streaming.layout import AUDIO
from panzoto.deps import Deps, build
from panzoto.flows import _audio_key
from panzoto.local.preparing import make_key
from panzoto.models import object_keys
from tests.support import ministack, server, tables
from tests.support.configs import configured
from tests.support.phones import person, signed_in

VERSIONS_OF = ("cryptography", "boto3", "gunicorn", "ministack")
KIB, MIB = 2**10, 2**20
BUSY = 503
LENGTHS = {
    "1 KiB": (KIB, 7),
    "1 MiB": (MIB, 7),
    "48 MiB": (48 * MIB, 5),
    "256 MiB": (256 * MIB, 3),
    "1 GiB": (1024 * MIB, 1),
}
ACCOUNT, EMAIL = "123456789012", "bench@example.com"
FILES = "/api/v1/audio-files"
_notes: list[str] = []


def run() -> list[Measured]:
    """Each length, on a process of its own; Linux alone tells how much memory it takes."""
    _notes.clear()
    found = []
    with ministack.running() as address:
        deps = _prepared(address)
        for name, (length, rounds) in LENGTHS.items():
            found.append(_measured(deps, address, name, length, rounds))
    first = found[0].median
    return [Measured(each.name, each.median, each.low, each.high, each.median / first) for each in found]


def notes() -> list[str]:
    """How much memory each took."""
    return _notes


def _prepared(address: str) -> Deps:
    deps = build(configured(ACCOUNT, address))
    tables.create_all(deps.clients.dynamodb(), deps.config)
    deps.clients.s3().create_bucket(Bucket=deps.config.s3_bucket)
    make_key(deps.clients.kms(), deps.config.audio_kms_key, "benchmarks")
    deps.clients.ses().verify_email_identity(EmailAddress="panzoto@localhost.localdomain")
    return deps


def _measured(deps: Deps, address: str, name: str, length: int, rounds: int) -> Measured:
    """One length: a warm process, its memory when it is idle, and then each round."""
    environ = server.environment(address, ACCOUNT, S3_BUCKET=deps.config.s3_bucket, WEB_CONCURRENCY="1")
    with server.serving(environ) as serving:
        app = _App(serving, deps)
        warm = app.store(KIB)
        for _ in range(3):
            app.decrypt(warm)
        file_id = app.store(length)
        pid = _worker(serving.process.pid)
        idle, times = _memory(pid, "VmRSS"), []
        Path(f"/proc/{pid}/clear_refs").write_text("5")  # its peak begins anew
        for _ in range(rounds):
            began = time.perf_counter()
            app.decrypt(file_id)
            times.append(time.perf_counter() - began)
        grown = (_memory(pid, "VmHWM") - idle) / KIB
    speed = length / statistics.median(times) / MIB
    _notes.append(f"{name}: {grown:.1f} MiB above the idle process at most (goal 48), {speed:.0f} MiB a second.")
    deps.bucket.empty("")
    quarters = statistics.quantiles(times, n=4) if len(times) > 1 else [times[0]] * 3
    return Measured(name, statistics.median(times) * 1e6, quarters[0] * 1e6, quarters[2] * 1e6, 1.0)


class _App:
    """An account whose recordings are put into the bucket directly, so that they may be as long as one likes."""

    def __init__(self, serving: server.Server, deps: Deps) -> None:
        self._serving, self._deps = serving, deps
        email = f"{secrets.token_hex(6)}.{EMAIL}"
        made = _audio_key.make(deps, f"user-{email}", None, bytes(32))
        user = person(deps, email, audio_key=made.audio_key)
        self._token, self._user_id = signed_in(deps, user).access_token, user.user_id
        self._key = _audio_key.handed_out(deps, user) or b""

    def store(self, length: int) -> str:
        """A recording of that length, sealed and uploaded as it is made, and recorded; its id."""
        name = f"{object_keys.prefix(self._user_id)}{secrets.token_hex(8)}.3gp"
        sealed = AudioEncryptor(self._key, name).encrypt(_recording(length))
        self._deps.copies.write(name, sealed, AUDIO.ciphertext_length(length))
        body = {"s3_key": name, "file_size": AUDIO.ciphertext_length(length)}
        return str(self._ask("POST", FILES, body)["audio_file"]["file_id"])

    def decrypt(self, file_id: str) -> None:
        """Until the copy has its address."""
        answer = self._ask("POST", f"{FILES}/{file_id}/decrypt", {})
        while "download_url" not in answer:
            if answer["status"] == "failed":
                raise RuntimeError(answer["fault"])
            time.sleep(0.05)  # between two questions
            answer = self._ask("GET", answer["status_url"])

    def _ask(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._token}"}
        url = f"http://127.0.0.1:{self._serving.port}{path}"
        data = orjson.dumps(body) if body is not None else None
        while True:
            try:
                with urlopen(Request(url, data=data, headers=headers, method=method), timeout=600) as answer:
                    found: dict[str, Any] = orjson.loads(answer.read())
                    return found
            except HTTPError as fault:
                if fault.code != BUSY:
                    raise
                time.sleep(0.5)  # the embedded AWS puts a long file together, and does nothing else meanwhile


def _recording(length: int) -> Iterator[bytes]:
    piece = secrets.token_bytes(MIB)
    for start in range(0, length, MIB):
        yield piece[: length - start]


def _worker(pid: int) -> int:
    """The one process that serves."""
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


def _memory(pid: int, name: str) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(name))
