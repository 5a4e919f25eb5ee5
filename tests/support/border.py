"""Faults between us and DynamoDB, put in where HTTP leaves the process: our own code is never replaced.

A step is what happens to one request. The steps are taken one after the other; after the last, requests go through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from itertools import chain, repeat
from typing import Any

import orjson
from botocore.awsrequest import AWSPreparedRequest, AWSResponse, HeadersDict
from botocore.exceptions import ReadTimeoutError

Send = Callable[[AWSPreparedRequest], AWSResponse]
Step = Callable[[AWSPreparedRequest, Send], AWSResponse | None]


class _Body(BytesIO):
    """A body as botocore reads it."""

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self.read()


@dataclass
class Border:
    """What has come past: each request's body, in order."""

    requests: list[dict[str, Any]] = field(default_factory=list)


def at(client: Any, *steps: Step, then: Step | None = None) -> Border:
    """Let the client's requests meet these steps, and ever after `then`, or go through."""
    border = Border()
    coming = chain(steps, repeat(then or through))

    def meet(request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
        body: Any = request.body
        border.requests.append(orjson.loads(body))
        return next(coming)(request, client._endpoint.http_session.send)

    client.meta.events.register_first("before-send.dynamodb", meet)
    return border


def through(_: AWSPreparedRequest, __: Send) -> None:
    """The request goes to the store."""


def lost(request: AWSPreparedRequest, send: Send) -> AWSResponse:
    """The request reaches the store, and the answer does not reach us."""
    send(request)
    raise ReadTimeoutError(endpoint_url=request.url)


def lost_and(meanwhile: Callable[[], object]) -> Step:
    """As `lost`, and something else happens before the next attempt."""

    def step(request: AWSPreparedRequest, send: Send) -> AWSResponse:
        send(request)
        meanwhile()
        raise ReadTimeoutError(endpoint_url=request.url)

    return step


def says(status: int, body: bytes | dict[str, Any]) -> Step:
    """An answer that the store never gave."""
    content = orjson.dumps(body) if isinstance(body, dict) else body
    headers: Any = HeadersDict()
    return lambda request, _: AWSResponse(request.url, status, headers, _Body(content))


def refuses(code: str, status: int = 400, **fields: Any) -> Step:
    """An error as DynamoDB says it."""
    return says(status, {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": f"it is {code}", **fields})


def cancels(*codes: str) -> Step:
    """A cancelled transaction, with a reason for each member."""
    return refuses("TransactionCanceledException", CancellationReasons=[{"Code": code} for code in codes])


def fails(fault: Exception) -> Step:
    """A fault of the network."""

    def step(_: AWSPreparedRequest, __: Send) -> AWSResponse:
        raise fault

    return step


def after(wait: Callable[[], object], step: Step) -> Step:
    """The same step, and something happens before it: time goes by, for one."""

    def later(request: AWSPreparedRequest, send: Send) -> AWSResponse | None:
        wait()
        return step(request, send)

    return later


def answer(items: Iterable[dict[str, Any]] = ()) -> Step:
    """An empty success, or a page with these items, as the wire has them."""
    return says(200, {"Items": list(items), "Count": 0})
