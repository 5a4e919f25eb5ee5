"""Chains of requests, each made of what the one before was answered, and every answer held against the document."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import schemathesis
from schemathesis.core.failures import FailureGroup

from panzoto.crypto import keys
from panzoto.deps import Deps
from panzoto.web.application import Application
from tests.audio.conftest import send
from tests.crypto.streams import encrypted_by_tink
from tests.proof.play_vault import connect
from tests.support.people import somebody
from tests.support.phones import person, signed_in

DOCUMENT = "/api/openapi.json"
AUTH, FILES, OAUTH, APPROVALS = "/api/v1/auth", "/api/v1/audio-files", "/api/v1/oauth", "/api/v1/admin/approvals"
RECORDING = b"what was said"
Said = dict[str, Any]


@dataclass
class Walk:
    """The service, whose requests come from whom, and what was wrong on the way."""

    schema: Any
    deps: Deps
    http: Any
    token: str | None = field(default=None, repr=False)
    sent: int = 0
    violations: list[str] = field(default_factory=list)

    def asks(self, method: str, path: str, status: int, body: Any = None, **parts: str) -> Said:
        """One request of the document, whose answer has that status and the shape that is documented for it."""
        operation = self.schema[path][method]
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if "content_token" in parts:
            headers["X-Content-Token"] = parts.pop("content_token")
        given = {"body": body, "media_type": "application/json"} if body is not None else {}
        case = operation.Case(path_parameters=parts, headers=headers, **given)
        answer = case.call()
        self.sent += 1
        try:
            case.validate_response(answer)
        except FailureGroup as group:
            self.violations += [f"{method} {path}: {each.title}: {each.message[:300]}" for each in group.exceptions]
        if answer.status_code != status:
            self.violations.append(f"{method} {path} is answered {answer.status_code} and not {status}")
        said = answer.json() if "json" in str(answer.headers.get("content-type")) else {"content": answer.content}
        return said if isinstance(said, dict) else {}

    def registers(self) -> tuple[Said, str]:
        """Somebody new, who asks from now on."""
        password = f"a long word {secrets.token_hex(8)}"
        body = {"email": f"chain.{secrets.token_hex(6)}@example.com", "password": password}
        said = self.asks("POST", f"{AUTH}/register", 201, body)
        self.token = said["token"]
        return said, password


def account(walk: Walk) -> None:
    """Register, look, list the sessions, end the one; then nothing opens."""
    walk.registers()
    walk.asks("GET", f"{AUTH}/me", 200)
    (session,) = walk.asks("GET", f"{AUTH}/sessions", 200)["sessions"]
    walk.asks("DELETE", f"{AUTH}/sessions/{{session_id}}", 200, session_id=session["session_id"])
    walk.asks("GET", f"{AUTH}/me", 401)


def recording(walk: Walk) -> None:
    """Begin an upload, record it, look, stream it in clear, delete it; then it is gone."""
    registered, password = walk.registers()
    wrapping = walk.deps.password_keys.derive(password, bytes.fromhex(registered["key_salt"]), registered["kdf"])
    audio_key = keys.unwrap(registered["wrapped_audio_key"], wrapping, registered["user_id"])
    size = len(encrypted_by_tink(RECORDING, key=audio_key, name="any"))
    wanted = {"filename": "note.3gp", "content_type": "audio/3gpp", "file_size": size}
    begun = walk.asks("POST", f"{FILES}/uploads", 201, wanted)
    sealed = encrypted_by_tink(RECORDING, key=audio_key, name=begun["s3_key"])
    assert send(begun["upload"]["method"], begun["upload"]["url"], sealed, begun["upload"]["headers"]).status == 200
    walk.asks("POST", FILES, 201, {"s3_key": begun["s3_key"], "file_size": size})
    one, its = f"{FILES}/{{file_id}}", {"file_id": begun["file_id"]}
    walk.asks("GET", one, 200, **its)
    opens = walk.asks("POST", f"{one}/content", 200, {"password": password}, **its)["content_token"]
    heard = walk.asks("GET", f"{one}/content", 200, **its, content_token=opens)
    if heard.get("content") != RECORDING:
        walk.violations.append("the stream is not what was recorded")
    walk.asks("DELETE", one, 200, **its)
    walk.asks("GET", one, 404, **its)
    walk.asks("GET", f"{one}/content", 404, **its, content_token=opens)


def connection(walk: Walk) -> None:
    """See a connection, take its token, end it; then it has ended."""
    user = person(walk.deps, f"chain.{secrets.token_hex(6)}@example.com", identities=frozenset({"acme"}))
    walk.token = signed_in(walk.deps, user).access_token
    connect(walk.deps, user.user_id, expires=walk.deps.clock() + timedelta(hours=1))
    (seen,) = walk.asks("GET", f"{OAUTH}/connections", 200)["connections"]
    one = {"provider": seen["provider"]}
    walk.asks("GET", f"{OAUTH}/{{provider}}/access-token", 200, **one)
    walk.asks("DELETE", f"{OAUTH}/{{provider}}", 200, {}, **one)
    walk.asks("GET", f"{OAUTH}/{{provider}}/access-token", 409, **one)


def approval(walk: Walk) -> None:
    """Approve an email, look, end it; then it is ended."""
    walk.token = somebody(walk.http, walk.deps, f"root.{secrets.token_hex(6)}", "admin").token
    email = f"approved.{secrets.token_hex(6)}@example.com"
    made = walk.asks("POST", APPROVALS, 201, {"email": email})
    one = {"email": made["email"]}
    walk.asks("GET", f"{APPROVALS}/{{email}}", 200, **one)
    walk.asks("DELETE", f"{APPROVALS}/{{email}}", 200, **one)
    walk.asks("GET", f"{APPROVALS}/{{email}}", 404, **one)


CHAINS: tuple[Callable[[Walk], None], ...] = (account, recording, connection, approval)


def walked(app: Application, deps: Deps) -> Iterator[Walk]:
    """Every chain, walked once."""
    schema = schemathesis.openapi.from_wsgi(DOCUMENT, app)
    for chain in CHAINS:
        walk = Walk(schema, deps, app.test_client())
        chain(walk)
        yield walk
