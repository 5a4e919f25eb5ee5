"""Faults between us and a service of AWS, put in where HTTP leaves the process: our own code is never replaced.

A step is what happens to one request. The steps are taken one after the other; after the last, requests go through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO
from itertools import chain, repeat
from typing import Any
from urllib.parse import parse_qsl

import orjson
from botocore.awsrequest import AWSPreparedRequest, AWSResponse, HeadersDict
from botocore.exceptions import ReadTimeoutError

Send = Callable[[AWSPreparedRequest], AWSResponse]
Step = Callable[[AWSPreparedRequest, Send], AWSResponse | None]


class _Body(BytesIO):
    """A body as botocore reads it."""

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self.read()


class Border:
    """What requests meet on their way, and what has come past: the body of each, in order."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self._coming: Iterator[Step] = repeat(through)

    def expect(self, *steps: Step, then: Step | None = None) -> None:
        """From now on the requests meet these steps, and ever after `then`, or go through."""
        self.requests.clear()
        self._coming = chain(steps, repeat(then or through))

    def meet(self, request: AWSPreparedRequest, send: Send) -> AWSResponse | None:
        """What happens to this request."""
        body: Any = request.body or b""
        self.requests.append(orjson.loads(body) if body[:1] == b"{" else dict(parse_qsl(body)))
        return next(self._coming)(request, send)


def at(client: Any, *steps: Step, then: Step | None = None) -> Border:
    """Let the client's requests meet these steps, and ever after `then`, or go through."""
    border = Border()
    border.expect(*steps, then=then)
    client.meta.events.register_first(
        f"before-send.{client.meta.service_model.service_id.hyphenize()}",
        lambda request, **_: border.meet(request, client._endpoint.http_session.send),
    )
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


def says(status: int, body: bytes | dict[str, Any], **said: str) -> Step:
    """An answer that the store never gave, with headers if any are given."""
    content = orjson.dumps(body) if isinstance(body, dict) else body
    headers: Any = HeadersDict(said)
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


def told_by_transactions(passing: Border) -> set[str]:
    """The actions of the events that were members of a transaction."""
    members = [each for request in passing.requests for each in request.get("TransactItems", ())]
    items = [each["Put"]["Item"] for each in members if "Put" in each]
    return {item["action"]["S"] for item in items if "action" in item}
