"""Mail by an SMTP server: a connection for each mail, encrypted, and cut at a deadline whatever the server does."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Timer
from typing import Literal, NoReturn

from panzoto.errors import AddressRefused, MessageNotSent

from .message import Message
from .mime import Envelope, envelope, sender_address

CONNECT_SECONDS = 3.0
GOODBYE_SECONDS = 1.0
READY, ACCEPTED, WILL_FORWARD, REFUSED = 220, 250, 251, 500
# Faults of a moment. Before the mail was handed over, they leave no doubt that nothing was sent.
LOST = (ConnectionError, TimeoutError, socket.gaierror, smtplib.SMTPServerDisconnected)
# Codes that speak of the recipient's mailbox: enhanced ones (RFC 3463; two of the first group are the sender's), and
# the plain ones (RFC 5321, RFC 7504) of a server that sends no others.
ENHANCED = re.compile(rb"[245]\.\d{1,3}\.\d{1,3}\b")
NO_MAILBOX = re.compile(rb"5\.(?:1\.(?![78]\b)|2\.)\d{1,3}\b")
NO_MAILBOX_PLAIN = frozenset({550, 551, 553, 556})


Security = Literal["starttls", "tls", "none"]


@dataclass(frozen=True, kw_only=True)
class SmtpServer:
    """Where an SMTP server is, and how it is spoken to. `seconds` is for one mail, once connected."""

    host: str
    port: int = 587
    security: Security = "starttls"
    user: str | None = None
    password: str = field(default="", repr=False)
    ca_file: Path | None = None
    seconds: float = 10.0


class SmtpSender:
    """Hands mails to a server. A mail is sent once it has answered to its last line, and never by a second attempt."""

    def __init__(self, server: SmtpServer, mail_from: str) -> None:
        self._server = server
        self._from = sender_address(mail_from)
        self._context = ssl.create_default_context(cafile=server.ca_file)

    def send(self, message: Message, now: datetime) -> None:
        """Send one mail. An answer that is lost after its last line leaves open whether it will arrive."""
        made = envelope(message, self._from, now)
        line = _Line(self._server, self._context, self._from.domain)
        try:
            with _told("connect", again=True):
                line.begin()
            with _told("envelope", again=True):
                _offer(line, made)
            with _told("data", again=False):
                code, text = line.data(made.mail)
            if code != ACCEPTED:
                _refuse("data", code, text, mailbox=False)
            line.part()
        finally:
            line.end()


class _Line(smtplib.SMTP):
    """A connection that somebody watches: at the deadline it is cut, even if the server says a little now and then."""

    def __init__(self, server: SmtpServer, context: ssl.SSLContext, name: str) -> None:
        super().__init__(local_hostname=name, timeout=min(CONNECT_SECONDS, server.seconds))
        self._server = server
        self._context = context
        self._host = server.host  # whose certificate STARTTLS asks for
        self._watched: socket.socket | None = None
        self._watch: Timer | None = None

    def begin(self) -> None:
        """Connect, encrypt and log in, as the configuration says."""
        code, text = self.connect(self._server.host, self._server.port)
        if code != READY:
            raise smtplib.SMTPConnectError(code, text)
        if self._server.security == "starttls":
            self.starttls(context=self._context)
        self.ehlo_or_helo_if_needed()
        if self._server.user is not None:
            self.login(self._server.user, self._server.password)

    def part(self) -> None:
        """Say goodbye. The mail is the server's already: what happens now is no failure."""
        with suppress(OSError):
            if self.sock:
                self.sock.settimeout(GOODBYE_SECONDS)
            self.quit()

    def end(self) -> None:
        """Close the connection, and send the watch home before its handle goes."""
        self.close()
        if self._watch and self._watched:
            self._watch.cancel()
            self._watch.join()
            self._watched.close()

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        plain = socket.create_connection((host, port), timeout)
        plain.settimeout(self._server.seconds)
        self._watched = plain.dup()
        self._watch = Timer(self._server.seconds, _cut, [self._watched])
        self._watch.daemon = True
        self._watch.start()
        return self._context.wrap_socket(plain, server_hostname=host) if self._server.security == "tls" else plain


def _cut(watched: socket.socket) -> None:
    with suppress(OSError):  # it has ended by itself
        watched.shutdown(socket.SHUT_RDWR)


def _offer(line: _Line, made: Envelope) -> None:
    """Say between whom the mail goes."""
    wide = not made.recipient.isascii()
    if wide and not line.has_extn("smtputf8"):
        raise AddressRefused
    code, _ = line.mail(made.sender, ["SMTPUTF8", "BODY=8BITMIME"] if wide else [])
    if code != ACCEPTED:
        raise MessageNotSent(f"sender: {code}")
    code, text = line.rcpt(made.recipient)
    if code not in {ACCEPTED, WILL_FORWARD}:
        _refuse("recipient", code, text, code in NO_MAILBOX_PLAIN)


def _refuse(stage: str, code: int, text: bytes, mailbox: bool) -> NoReturn:
    """Say whether it is the address that is refused; `mailbox` is what the plain code alone says of that."""
    if code >= REFUSED and (NO_MAILBOX.match(text) if ENHANCED.match(text) else mailbox):
        raise AddressRefused
    raise MessageNotSent(f"{stage}: {code}")


@contextmanager
def _told(stage: str, *, again: bool) -> Iterator[None]:
    """Name the stage at which the server failed, and whether it may be asked again."""
    try:
        yield
    except smtplib.SMTPResponseException as fault:
        raise MessageNotSent(f"{stage}: {fault.smtp_code}") from fault
    except OSError as fault:
        raise MessageNotSent(f"{stage}: {type(fault).__name__}", again=again and isinstance(fault, LOST)) from fault
