"""A provider of the tests' own that does what it is told to: mostly what no provider should."""

from __future__ import annotations

import json
import secrets
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qsl

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

KEY, OTHER = generate_private_key(65537, 2048), generate_private_key(65537, 2048)
PUBLIC = KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
Respond = Callable[["Handler"], None]


def b64(data: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def public_jwk(key: RSAPrivateKey = KEY, kid: str = "first", **more: Any) -> dict[str, Any]:
    """A key as a provider publishes it."""
    found: dict[str, Any] = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return found | {"kid": kid, "alg": "RS256", "use": "sig"} | more


@dataclass
class Hostile:
    """What it answers at each of its addresses; a test puts something else there. It notes what it was asked."""

    issuer: str = ""
    nonce: str | None = None
    subject: str = field(default_factory=lambda: f"sub-{secrets.token_hex(6)}")
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    keys: list[Any] = field(default_factory=lambda: [public_jwk()])
    metadata: dict[str, Any] = field(default_factory=dict)
    tokens: dict[str, Any] = field(default_factory=dict)
    token_of: Callable[[Hostile], str] | None = None
    answers: dict[str, Respond] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def said(self, **changes: Any) -> dict[str, Any]:
        """What an id token says."""
        now = int(time.time())
        known: dict[str, Any] = {"iss": self.issuer, "aud": "panzoto", "sub": self.subject}
        known |= {"iat": now, "exp": now + 300}
        known |= {"email": f"{self.subject}@people.example", "email_verified": True, "name": "Ann"}
        if self.nonce is not None:
            known["nonce"] = self.nonce
        found = known | self.claims | changes
        return {name: value for name, value in found.items() if value is not ...}

    def id_token(self, key: Any = KEY, algorithm: str = "RS256", **changes: Any) -> str:
        """An id token, signed."""
        return jwt.encode(self.said(**changes), key, algorithm, {"kid": "first", **self.header})

    def forged(self, header: dict[str, Any], sign: Callable[[bytes], bytes], **changes: Any) -> str:
        """An id token that no library would make."""
        parts = [b64(json.dumps(each).encode()) for each in (header, self.said(**changes))]
        signed = ".".join(parts)
        return f"{signed}.{b64(sign(signed.encode()))}"

    def answer(self, path: str) -> Any:
        """What stands at an address."""
        if path == "/.well-known/openid-configuration":
            found = {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/auth",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/jwks",
                "revocation_endpoint": f"{self.issuer}/revoke",
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
            } | self.metadata
            return {name: value for name, value in found.items() if value is not ...}
        if path == "/jwks":
            return {"keys": self.keys}
        if path == "/token":
            known: dict[str, Any] = {
                "access_token": secrets.token_urlsafe(16),
                "refresh_token": secrets.token_urlsafe(16),
            }
            known |= {"token_type": "Bearer", "expires_in": 3600, "scope": "openid email"}
            known["id_token"] = self.token_of(self) if self.token_of else self.id_token()
            found = known | self.tokens
            return {name: value for name, value in found.items() if value is not ...}
        return {}

    def count(self, path: str) -> int:
        """How often an address was asked."""
        return [each for each, _ in self.asked].count(path)


class Handler(BaseHTTPRequestHandler):
    """Answers as its provider says."""

    protocol_version = "HTTP/1.1"
    told: ClassVar[Hostile]
    form: dict[str, str]

    def do_GET(self) -> None:
        """A question."""
        self._respond({})

    def do_POST(self) -> None:
        """A form."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._respond(dict(parse_qsl(body.decode())))

    def _respond(self, form: dict[str, str]) -> None:
        self.form = form
        self.told.asked.append((self.path, form))
        with suppress(ConnectionError):
            if self.path in self.told.answers:
                self.told.answers[self.path](self)
            else:
                self.say(200, json.dumps(self.told.answer(self.path)).encode())

    def say(self, status: int, body: bytes, **headers: str) -> None:
        """One answer."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128


@contextmanager
def hostile() -> Iterator[Hostile]:
    """A provider on the loopback, until the block ends."""
    told = Hostile()
    server = _Server(("127.0.0.1", 0), type("Told", (Handler,), {"told": told}))
    told.issuer = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()


# ── how an address may answer ─────────────────────────────────────────────────────────────────────────────────────
def status(number: int, body: bytes = b"{}", **headers: str) -> Respond:
    """A status, with a body."""
    return lambda handler: handler.say(number, body, **headers)


def hangs(released: threading.Event) -> Respond:
    """Says nothing until it is let go."""

    def respond(handler: Handler) -> None:
        released.wait(60)
        handler.close_connection = True

    return respond


def streams(handler: Handler) -> None:
    """Says more and more, without end."""
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    chunk = b"x" * 65536
    handler.close_connection = True
    while True:
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))


def drips_its_head(released: threading.Event) -> Respond:
    """Says a byte of its headers now and then, and so never comes to what it has to say."""

    def respond(handler: Handler) -> None:
        handler.close_connection = True
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-More: ")
        for _ in range(400):
            handler.wfile.write(b"x")
            handler.wfile.flush()
            if released.wait(0.05):
                return
        handler.wfile.write(b"\r\nContent-Length: 0\r\n\r\n")

    return respond


def drips(released: threading.Event) -> Respond:
    """Says a byte now and then, so that no single wait is long."""

    def respond(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.close_connection = True
        for _ in range(1000):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            if released.wait(0.05):
                return

    return respond
