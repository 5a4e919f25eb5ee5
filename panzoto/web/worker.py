"""gunicorn's worker with threads, which refuses what it cannot read in the shape of every other error."""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import Any

import orjson
from gunicorn import util
from gunicorn.http import errors as faults
from gunicorn.workers.gthread import ThreadWorker

from .errors import HTTP

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
    """Like gunicorn's own, but for its pages of HTML: the application never hears of such a request."""

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """Refuse a request that is none; any other fault is gunicorn's to tell."""
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
