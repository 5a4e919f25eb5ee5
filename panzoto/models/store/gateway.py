"""The one place that speaks DynamoDB: bounded retries under a deadline, honest errors, and a count of what it costs.

A lost race is told from an outage. Whether a write took effect whose answer was lost, only a mark in its item tells.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
)
from botocore.exceptions import ConnectionError as NotConnected
from botocore.parsers import ResponseParserError

from panzoto.aws import refusing
from panzoto.crypto.cursors import Cursors
from panzoto.errors import StoreBusy, StoreRefused, StoreUnavailable
from panzoto.tally import Tally

from . import ledger
from .wire import Item, decode_item

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

ATTEMPTS = 8
FIRST_PAUSE = 0.025
LONGEST_PAUSE = 1.0
RETRY_AFTER = 2

BUSY = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "ReplicatedWriteConflictException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "Throttling",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
# Credentials that are just being replaced by new ones.
CREDENTIALS = frozenset({"ExpiredTokenException", "RequestExpired"})
# A host that AWS does not know, by its clock or its key, until somebody repairs it: no retry does.
STRANGERS = (refusing.SIGNATURE | refusing.UNKNOWN) - CREDENTIALS
AFTER_REPAIR = 30
# Reasons for which a transaction is cancelled that say "later" and not "never".
BUSY_REASONS = frozenset({"None", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})
# Faults between us and DynamoDB; any other fault of botocore is a defect of ours or of the configuration.
NETWORK_FAULTS = (NotConnected, HTTPClientError, CredentialRetrievalError, NoCredentialsError, ResponseParserError)
SERVER_FAULT = 500


class ConditionFailed(Exception):
    """The condition of a write did not hold. `item` is what was there."""

    def __init__(self, item: Item | None) -> None:
        super().__init__("the condition of a write did not hold")
        self.item = item


class TransactionCancelled(Exception):
    """A transaction was refused. `reasons` has a code and the item that was there, for each member in order."""

    def __init__(self, reasons: list[tuple[str, Item | None]]) -> None:
        super().__init__("a transaction was refused")
        self.reasons = reasons


class Gateway:
    """Calls DynamoDB for every table. One for each process, shared by its threads.

    `deadline` is how long one request may wait for all of its calls together, `attempt` the longest that one attempt
    takes: none is begun that could end too late. A call outside a request has the deadline for itself.
    """

    def __init__(
        self,
        client: DynamoDBClient,
        cursors: Cursors,
        *,
        deadline: float,
        attempt: float,
        operator: bool = False,
        tally: Tally | None = None,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self.cursors = cursors
        self.operator = operator
        self._tally = tally
        self._client = client
        self._deadline = deadline
        self._attempt = attempt
        self._clock = clock
        self._wait = wait
        self._calls = {name: getattr(client, method) for method, name in client.meta.method_to_api_mapping.items()}

    def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to a request. Raises `ConditionFailed`, `TransactionCancelled` or what a client hears."""
        if ledger.current().waited + self._attempt > self._deadline:
            raise StoreUnavailable(retry_after=RETRY_AFTER)
        ends, number = self.ends(), 0
        while True:
            try:
                return self._send(operation, request)
            except (ClientError, BotoCoreError, ResponseParserError) as fault:
                self.pause(number, ends, _retryable(fault), fault)
            number += 1

    def ends(self) -> float:
        """When the request that is being served, or this call alone, must have done with waiting."""
        return self._clock() + self._deadline - ledger.current().waited

    def pause(self, number: int, ends: float, failure: StoreUnavailable, cause: Exception | None = None) -> None:
        """Wait a jittered while before the next attempt, or raise `failure` when there is no time for one."""
        longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2**number)
        pause = random.uniform(0, longest)  # noqa: S311 (it spreads load and guards nothing)
        if number + 1 >= ATTEMPTS or self._clock() + pause + self._attempt > ends:
            raise failure from cause
        entry = ledger.current()
        entry.retries += 1
        entry.waited += pause
        self._wait(pause)

    def _send(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """One attempt, entered in the ledger."""
        entry = ledger.current()
        entry.trips += 1
        began = self._clock()
        try:
            response: dict[str, Any] = self._calls[operation](**request, ReturnConsumedCapacity="TOTAL")
        finally:
            entry.waited += self._clock() - began
        before = entry.reads, entry.writes
        entry.enter(operation, response)
        self._count(entry.reads - before[0], entry.writes - before[1])
        return response

    def _count(self, reads: float, writes: float) -> None:
        """Count units among the figures of the day."""
        if self._tally is None:
            return
        for name, amount in (("reads", reads), ("writes", writes)):
            if amount:
                self._tally.count(name, amount)


def _retryable(fault: Exception) -> StoreUnavailable:
    """What a client hears if the fault stays. A fault that no retry mends is raised."""
    if isinstance(fault, ClientError):
        code = fault.response["Error"]["Code"]
        if code == "ConditionalCheckFailedException":
            raise ConditionFailed(_item(fault.response)) from None
        if code == "TransactionCanceledException":
            reasons = [(each.get("Code", "None"), _item(each)) for each in fault.response["CancellationReasons"]]
            if not {code for code, _ in reasons} <= BUSY_REASONS:
                raise TransactionCancelled(reasons) from None
            return StoreBusy(retry_after=RETRY_AFTER)
        if code in BUSY:
            return StoreBusy(retry_after=RETRY_AFTER)
        if code in STRANGERS:
            raise StoreUnavailable(retry_after=AFTER_REPAIR) from fault
        if code not in CREDENTIALS and fault.response["ResponseMetadata"]["HTTPStatusCode"] < SERVER_FAULT:
            raise StoreRefused(f"DynamoDB refused {fault.operation_name}: {code}") from fault
    elif not isinstance(fault, NETWORK_FAULTS):
        raise StoreRefused(f"the call could not be made: {type(fault).__name__}") from fault
    return StoreUnavailable(retry_after=RETRY_AFTER)


def _item(answer: Mapping[str, Any]) -> Item | None:
    wire = answer.get("Item")
    return decode_item(wire) if wire else None
