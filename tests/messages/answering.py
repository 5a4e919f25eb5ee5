"""An AWS that answers as a test says, over real connections."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

from panzoto.aws.clients import Clients
from tests.support.configs import configured

ERROR = "<ErrorResponse><Error><Type>Sender</Type><Code>{}</Code><Message>{}</Message></Error></ErrorResponse>"


@dataclass
class Aws:
    """What it answers, a status and the code of an error each, and what it was asked."""

    url: str = ""
    answers: list[tuple[int, str]] = field(default_factory=list)
    asked: list[dict[str, list[str]]] = field(default_factory=list)

    def clients(self) -> Clients:
        """Clients that take it for AWS."""
        return Clients(configured("123456789012", self.url))


@contextmanager
def answering(*answers: tuple[int, str]) -> Iterator[Aws]:
    """An AWS that gives these answers, and nothing after them."""
    aws = Aws(answers=list(answers))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            aws.asked.append(parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            if not aws.answers:
                self.close_connection = True
                return
            status, code = aws.answers.pop(0)
            body = ERROR.format(code, "ann@example.com is not to our taste").encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        aws.url = f"http://127.0.0.1:{server.server_port}"
        yield aws
        server.shutdown()
