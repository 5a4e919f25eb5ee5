"""DynamoDB's control plane, which makes and changes tables slowly and one change at a time. Every wait has its end."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

from panzoto.cli.live import USABLE, Live
from panzoto.cli.schema import Call

from .faults import FAULTS, UNKNOWN, Fault, Place, Refused, code, explained

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

CALL_SECONDS = 60.0
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 5.0
ANSWER_LOST = "the answer was lost"
# Answers that mean "later": too many calls, another change under way, backups of a new table not ready yet.
LATER = frozenset(
    {
        ANSWER_LOST,
        "ContinuousBackupsUnavailableException",
        "InternalServerError",
        "LimitExceededException",
        "RequestLimitExceeded",
        "ResourceInUseException",
        "ServiceUnavailable",
        "Throttling",
        "ThrottlingException",
    }
)
ABSENT = frozenset({"ResourceNotFoundException", "TableNotFoundException"})


class Control:
    """Looks at tables and changes them. Raises `Unreachable` or `Refused`, whose text is one sentence."""

    def __init__(
        self,
        client: DynamoDBClient,
        place: Place,
        *,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self.place = place
        self._clock = clock
        self._wait = wait
        self._calls = {name: getattr(client, method) for method, name in client.meta.method_to_api_mapping.items()}

    def look(self, name: str) -> Live | None:
        """A table as it is; None if there is none."""
        live = self._described(name)
        if live is None or live.status not in USABLE:
            return live
        ttl = self._ask(Call("DescribeTimeToLive", {"TableName": name}), none_if=UNKNOWN)
        backups = self._ask(Call("DescribeContinuousBackups", {"TableName": name}), none_if=UNKNOWN)
        return Live(live.description, ttl and ttl["TimeToLiveDescription"], backups and _recovers(backups))

    def change(self, call: Call) -> None:
        """Ask for a change. Whether an answer was lost on the way or somebody else was faster, the next look tells."""
        faster = {"ResourceInUseException"} if call.operation == "CreateTable" else set()
        self._ask(call, none_if={ANSWER_LOST} | faster)

    def settle(self, name: str, seconds: float) -> None:
        """Wait until nothing of a table is being made or changed, but at most this long."""
        ends = self._clock() + seconds
        for number in count():  # pragma: no branch (it ends by returning)
            try:
                live = self._described(name)
            except Refused:
                return  # the look that follows is refused too, and says why
            if live is None or live.settled or not self._pause(number, ends):
                return

    def _described(self, name: str) -> Live | None:
        answer = self._ask(Call("DescribeTable", {"TableName": name}), none_if=ABSENT)
        return answer and Live(answer["Table"], {}, recovery=False)

    def _ask(self, call: Call, *, none_if: frozenset[str] | set[str]) -> Any:
        """The answer, asked for again while DynamoDB is busy; None where it is an error with one of these codes."""
        ends = self._clock() + CALL_SECONDS
        for number in count():  # pragma: no branch (it ends by returning or raising)
            try:
                return self._calls[call.operation](**call.request)
            except FAULTS as fault:
                if _code(fault) in none_if:
                    return None
                if _code(fault) not in LATER or not self._pause(number, ends):
                    raise explained(fault, call, self.place) from fault
        raise AssertionError  # pragma: no cover (the loop has no end of its own)

    def _pause(self, number: int, ends: float) -> bool:
        """Wait a while before the next attempt; False if there is no time for one."""
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(number, 8))
        if self._clock() + pause > ends:
            return False
        self._wait(pause)
        return True


def _code(fault: Fault) -> str:
    return ANSWER_LOST if isinstance(fault, ReadTimeoutError | ConnectionClosedError) else code(fault)


def _recovers(answer: dict[str, Any]) -> bool:
    recovery = answer["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
    return bool(recovery.get("PointInTimeRecoveryStatus") == "ENABLED")
