"""Real SMTP servers of the tests, on the loopback, and servers that behave badly."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword

from tests.support.ministack import free_port

USER, PASSWORD = "panzoto", "a password of the tests"
HOST = "localhost"


@dataclass
class Inbox:
    """Takes mails, and answers to a step otherwise where a test says so."""

    answers: dict[str, str] = field(default_factory=dict)
    mails: list[EmailMessage] = field(default_factory=list)
    envelopes: list[Envelope] = field(default_factory=list)
    sessions: list[Any] = field(default_factory=list)
    hangs_up: str = ""

    def _step(self, name: str, server: Any) -> str | None:
        if self.hangs_up == name:
            server.transport.abort()
        return self.answers.get(name)

    async def handle_EHLO(self, server: Any, session: Any, _: Any, hostname: str, responses: Any) -> Any:  # noqa: N802
        """Greet."""
        session.host_name = hostname
        self.sessions.append(session)
        self._step("EHLO", server)
        return responses

    async def handle_MAIL(self, server: Any, _: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        """Take a sender."""
        envelope.mail_from, envelope.mail_options = address, options
        return self._step("MAIL", server) or "250 OK"

    async def handle_RCPT(self, server: Any, _: Any, envelope: Any, address: str, __: Any) -> str:  # noqa: N802
        """Take a recipient."""
        envelope.rcpt_tos.append(address)
        return self._step("RCPT", server) or "250 OK"

    async def handle_DATA(self, server: Any, _: Any, envelope: Any) -> str:  # noqa: N802
        """Take a mail."""
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        self.envelopes.append(envelope)
        return self._step("DATA", server) or "250 OK"


@contextmanager
def serving(inbox: Inbox, *, tls: ssl.SSLContext | None = None, **settings: Any) -> Iterator[int]:
    """The port of an SMTP server that takes mails until the block ends; `tls` encrypts from the first byte."""
    port = free_port()
    server = Controller(inbox, hostname="127.0.0.1", port=port, ssl_context=tls, **settings)
    server.start()
    try:
        yield port
    finally:
        server.stop()


def knows(_: Any, __: Any, ___: Any, mechanism: str, given: Any) -> AuthResult:
    """Whether a login is the tests' own."""
    right = isinstance(given, LoginPassword) and (given.login, given.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=right, auth_data=mechanism)


@contextmanager
def silent() -> Iterator[int]:
    """The port of a server that lets anybody connect and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@contextmanager
def talking(line: bytes, every: float) -> Iterator[int]:
    """The port of a server that says the same again and again, so that no read of it ever times out."""
    over = threading.Event()

    def talk(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection:
            while not over.wait(every):
                try:
                    connection.sendall(line)
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=talk, args=[server], daemon=True)
        thread.start()
        yield server.getsockname()[1]
        over.set()
        thread.join(10)
