"""gunicorn's worker with threads: it refuses what it cannot read in our shape, and a flood without haste."""

from __future__ import annotations

import secrets
from functools import partial
from http import HTTPStatus
from typing import Any

import orjson
from gunicorn import util
from gunicorn.http import errors as faults
from gunicorn.workers.gthread import ThreadWorker

from .errors import HTTP
from .parking import Park, Parked, parking

# What is not named here cannot be read at all. Headers of an answer are the application's fault, and gunicorn's to log.
STATUS: dict[type[Exception], HTTPStatus] = {
    faults.LimitRequestLine: HTTPStatus.REQUEST_URI_TOO_LONG,
    faults.LimitRequestHeaders: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    faults.UnsupportedTransferCoding: HTTPStatus.NOT_IMPLEMENTED,
    faults.ExpectationFailed: HTTPStatus.EXPECTATION_FAILED,
}
OURS = (faults.InvalidResponseHeader, faults.InvalidResponseHeaderName, faults.ConfigurationProblem)
HEAD = """HTTP/1.1 {status} {reason}\r
Connection: close\r
Content-Type: application/json\r
Content-Length: {length}\r
Cache-Control: no-store\r
X-Content-Type-Options: nosniff\r
X-Request-ID: {request_id}\r
\r
"""


class Worker(ThreadWorker):  # type: ignore[misc]
    """Like gunicorn's own, but for its pages of HTML, and for answers that are given later (`parking.py`)."""

    wsgi: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._park = Park()
        self._late: dict[Any, Parked] = {}  # the answer to each connection whose request has just been served

    def load_wsgi(self) -> None:
        """Load the application, which may park its answers."""
        super().load_wsgi()
        self.wsgi = parking(self.wsgi)

    def handle_request(self, req: Any, conn: Any) -> bool:
        """Have a request answered, now or later; whether its connection may be asked again."""
        try:
            return super().handle_request(req, conn)  # type: ignore[no-any-return]
        except Parked as answer:
            self._late[conn.sock] = answer.with_traceback(None)  # which would keep the request, and what is in it
            return not answer.is_last

    def finish_request(self, conn: Any, fs: Any) -> None:
        """Wait for the next request of a connection, or for the moment of its answer."""
        answer = self._late.pop(conn.sock, None)
        if answer is None or fs.cancelled() or fs.exception() is not None:
            super().finish_request(conn, fs)
        else:
            self._park.take((conn, answer, not fs.result()))

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """See to what happens, and to the answers that are due; a worker that finishes gives all of them."""
        if not self.alive:
            self._park.end()
        super().wait_for_and_dispatch_events(self._park.quiet_for(timeout))
        for conn, answer, is_last in self._park.take_due():
            given = self.tpool.submit(answer.give, is_last=is_last or self._park.is_over)
            given.add_done_callback(partial(self.method_queue.defer, self.finish_request, conn))

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """Refuse a request that is none; any other fault is gunicorn's to tell. Nothing else is answered to it."""
        self._late.pop(client, None)
        if not isinstance(exc, faults.ParseException) or isinstance(exc, OURS):
            super().handle_error(req, client, addr, exc)
            return
        request_id = secrets.token_hex(12)
        status = STATUS.get(type(exc), HTTPStatus.BAD_REQUEST)
        self.log.warning("%s refused from %s as %s: %s", status.value, addr[0] if addr else "", request_id, exc)
        try:
            util.write_nonblock(client, refusal(status, request_id))
        except OSError as fault:
            self.log.debug("The refusal %s was not sent: %s", request_id, fault)


def refusal(status: HTTPStatus, request_id: str) -> bytes:
    """The whole answer."""
    code, sentence = HTTP.get(status, ("http_error", "The request cannot be served."))
    body = orjson.dumps({"error": sentence, "code": code, "request_id": request_id})
    head = HEAD.format(status=status.value, reason=status.phrase, length=len(body), request_id=request_id)
    return head.encode() + body
