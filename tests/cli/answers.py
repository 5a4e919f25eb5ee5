"""A DynamoDB whose answers to some calls are written by the test; the rest goes on to the emulator."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from config import Config
from panzoto.aws.clients import Clients

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

# What a test answers to one call: a status and a body, a fault of the network, or None to let the call go on.
Answer = tuple[int, Mapping[str, Any]] | Exception | None


class Scripted(Clients):
    """Clients whose DynamoDB gives scripted answers, and which remember what was asked of it."""

    def __init__(self, config: Config, script: Mapping[str, Callable[[], Answer]] | None = None) -> None:
        super().__init__(config)
        self.asked: list[str] = []
        self._script = script or {}

    def dynamodb(self) -> DynamoDBClient:
        """The client."""
        client = super().dynamodb()
        answer: Any = self._answer  # an answer of ours is sent instead of the request
        client.meta.events.register("before-send.dynamodb", answer)
        return client

    @property
    def changes(self) -> list[str]:
        """The calls that change something."""
        return [operation for operation in self.asked if not operation.startswith("Describe")]

    def _answer(self, request: Any, event_name: str, **_: Any) -> AWSResponse | None:
        operation = event_name.rpartition(".")[2]
        self.asked.append(operation)
        answer = self._script[operation]() if operation in self._script else None
        if isinstance(answer, Exception):
            raise answer
        return AWSResponse(request.url, answer[0], HTTPHeaders(), _Body(answer[1])) if answer else None


class _Body:
    def __init__(self, body: Mapping[str, Any]) -> None:
        self._body = json.dumps(body).encode()

    def stream(self) -> Iterator[bytes]:
        """The body, in one piece."""
        yield self._body


def refusal(code: str, message: str = "for a reason") -> tuple[int, dict[str, str]]:
    """An error as DynamoDB answers it."""
    return 400, {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": message}


def in_turn(*answers: Answer) -> Callable[[], Answer]:
    """One answer after the other; the last one for ever."""
    waiting = list(answers)
    return lambda: waiting.pop(0) if len(waiting) > 1 else waiting[0]
