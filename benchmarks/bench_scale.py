"""The model behind docs/scale.md against a load run.

The same acts on a gunicorn of two processes and the embedded AWS.

Units by table as `/metrics` counts them from the answers of the embedded AWS, and as the model adds up what the tests
pin.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any
from urllib.request import Request, urlopen

import orjson

from benchmarks import scale
from benchmarks.measuring import Measured
from panzoto.deps import build
from panzoto.local.preparing import make_key
from tests.support import ministack, server, tables
from tests.support.configs import configured

VERSIONS_OF = ("gunicorn", "ministack")
ROUNDS = 1
ACCOUNT, PASSWORD = "123456789012", "SecurePassword123!"
TIMES = {"login": 2, "refresh": 8, "request": 20, "list": 4, "begin": 3, "record": 3}
UNITS = re.compile(r'^panzoto_dynamodb_units_total\{flow="[^"]*",kind="(\w+)",table="([^"]*)"\} ([\d.]+)', re.MULTILINE)
_notes: list[str] = []


def run() -> list[Measured]:
    """Each table's units: what was counted, and what the model says."""
    scale.check()
    with ministack.running() as address:
        deps = build(configured(ACCOUNT, address))
        tables.create_all(deps.clients.dynamodb(), deps.config)
        deps.clients.s3().create_bucket(Bucket=deps.config.s3_bucket)
        make_key(deps.clients.kms(), deps.config.audio_kms_key, "benchmarks")
        deps.clients.ses().verify_email_identity(EmailAddress="panzoto@localhost.localdomain")
        names = {getattr(deps.config, f"{name}_table"): name for name in ("users", "audio_files", "auth_state")}
        names |= {deps.config.auth_tokens_table: "auth_tokens", deps.config.audit_events_table: "audit_events"}
        environ = server.environment(address, ACCOUNT, S3_BUCKET=deps.config.s3_bucket)
        with server.serving(environ) as serving:
            found = _spent(_App(serving.port), names)
    said = scale.units(dict(TIMES))
    _notes[:] = [
        f"{table}, {kind} units: {found[table, kind]:g} counted, {said[table, kind]:g} by the model."
        for table, kind in sorted({*found, *said})
    ]
    _notes.append(f"The acts: {', '.join(f'{often} x {act}' for act, often in TIMES.items())}.")
    return []


def notes() -> list[str]:
    """Both, by table."""
    return _notes


def _spent(app: _App, names: dict[str, str]) -> Counter[tuple[str, str]]:
    """The units of the acts, without those of making the account."""
    account = {"email": "load@example.com", "password": PASSWORD, "device_id": "a-phone"}
    app.ask("POST", "/api/v1/auth/register", account)
    before = app.units(names)
    for _ in range(TIMES["login"]):
        signed_in = app.ask("POST", "/api/v1/auth/login", account)
    for _ in range(TIMES["refresh"]):
        old = {"refresh_token": signed_in["refresh_token"], "device_id": "a-phone"}
        signed_in = app.ask("POST", "/api/v1/auth/refresh", old)
    app.token = signed_in["token"]
    for _ in range(TIMES["request"]):
        app.ask("GET", "/api/v1/auth/me")
    for _ in range(TIMES["record"]):
        app.record()
    for _ in range(TIMES["list"]):
        app.ask("GET", "/api/v1/audio-files")
    return app.units(names) - before


class _App:
    """The service, as a phone asks it."""

    def __init__(self, port: int) -> None:
        self._address = f"http://127.0.0.1:{port}"
        self.token = ""

    def ask(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """One request."""
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        data = orjson.dumps(body) if body is not None else None
        with urlopen(Request(self._address + path, data=data, headers=headers, method=method), timeout=60) as answer:
            found: dict[str, Any] = orjson.loads(answer.read())
            return found

    def record(self) -> None:
        """A recording of one byte, uploaded and recorded."""
        body = {"filename": "a.3gp", "content_type": "audio/3gpp", "file_size": 1}
        begun = self.ask("POST", "/api/v1/audio-files/uploads", body)
        way = begun["upload"]
        with urlopen(Request(way["url"], data=b"x", headers=way["headers"], method=way["method"]), timeout=60):
            self.ask("POST", "/api/v1/audio-files", {"s3_key": begun["s3_key"], "file_size": 1})

    def units(self, names: dict[str, str]) -> Counter[tuple[str, str]]:
        """What was counted up to now."""
        with urlopen(f"{self._address}/metrics", timeout=60) as answer:
            found: Counter[tuple[str, str]] = Counter()
            for kind, table, amount in UNITS.findall(answer.read().decode()):
                found[names.get(table, table), kind] += float(amount)  # type: ignore[assignment] # half units are units
            return found
