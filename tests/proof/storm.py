"""Faults between us and AWS, at random: what services say when they are unwell, and what networks do to answers."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectionClosedError, ConnectTimeoutError, ReadTimeoutError

from tests.support import border
from tests.support.border import Send, Step

NOWHERE = "http://aws.invalid"
NETWORK: dict[str, Step] = {
    "timeout before": border.fails(ReadTimeoutError(endpoint_url=NOWHERE)),
    "timeout after it took effect": border.lost,
    "reset": border.fails(ConnectionClosedError(endpoint_url=NOWHERE)),
    "no connection": border.fails(ConnectTimeoutError(endpoint_url=NOWHERE)),
}


def xml(status: int, code: str) -> Step:
    """An error as S3 and SES say it."""
    error = f"<Code>{code}</Code><Message>it is {code}</Message>"
    return border.says(status, f"<ErrorResponse><Error>{error}</Error></ErrorResponse>".encode())


def truncated(request: AWSPreparedRequest, send: Send) -> AWSResponse:
    """The body breaks off in the middle."""
    answer: Any = send(request)
    whole = answer.raw.read()
    return AWSResponse(answer.url, answer.status_code, answer.headers, border._Body(whole[: len(whole) // 2]))


SENDING: dict[str, Step] = {
    "down": NETWORK["no connection"],
    "throttling": xml(400, "Throttling"),
    "internal error": xml(500, "InternalFailure"),
}
FAULTS: dict[str, dict[str, Step]] = {
    "dynamodb": NETWORK
    | {
        "throttling": border.refuses("ProvisionedThroughputExceededException"),
        "internal error": border.refuses("InternalServerError", 500),
        "expired credentials": border.refuses("ExpiredTokenException"),
        "clock skew": border.refuses("InvalidSignatureException"),
        "a proxy's page": border.says(200, b"<html>"),
    },
    "kms": NETWORK
    | {
        "denied": border.refuses("AccessDeniedException"),
        "internal error": border.refuses("KMSInternalException", 500),
    },
    "s3": NETWORK
    | {"slow down": xml(503, "SlowDown"), "truncated": truncated, "clock skew": xml(403, "RequestTimeTooSkewed")},
    "ses": SENDING,
    "sns": SENDING,
}


class Storm:
    """Of so many requests one meets a fault, while it lasts."""

    def __init__(self, random: Random, *clients: Any) -> None:
        self._random = random
        self.rate = 0.0
        self.met: Counter[str] = Counter()
        for client in clients:
            name = client.meta.service_model.service_id.hyphenize()
            client.meta.events.register_first(f"before-send.{name}", self._before(name, client))

    def _before(self, name: str, client: Any) -> Any:
        def meet(request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
            if self._random.random() >= self.rate:
                return None
            fault = self._random.choice(list(FAULTS[name]))
            self.met[f"{name}: {fault}"] += 1
            return FAULTS[name][fault](request, client._endpoint.http_session.send)

        return meet
