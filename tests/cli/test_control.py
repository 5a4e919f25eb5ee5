"""How commands wait for DynamoDB: as long as it says "later", and no longer than they promised."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

from config import Config
from panzoto.cli.control import CALL_SECONDS, LONGEST_PAUSE, Control
from panzoto.cli.faults import Place, Refused
from panzoto.cli.schema import Call, creation, protection, recovery
from panzoto.models.spec import APPROVED_EMAILS

from .answers import Answer, Scripted, in_turn, refusal

NAME = APPROVED_EMAILS.default_name
LOST = ReadTimeoutError(endpoint_url="http://localhost")


class Time:
    """A clock that only waiting moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


def controlled(config: Config, script: Mapping[str, Callable[[], Answer]]) -> tuple[Control, Scripted, Time]:
    """The control plane on scripted answers and on a clock of its own."""
    clients, time = Scripted(config, script), Time()
    return Control(clients.dynamodb(), Place.of(config), clock=lambda: time.now, wait=time.wait), clients, time


def described(status: str, index: str = "ACTIVE", encryption: str = "ENABLED") -> Answer:
    """The description of a table in some state."""
    indexes: list[Any] = [{"IndexName": "an-index", "IndexStatus": index}]
    description = {"TableName": NAME, "TableStatus": status, "GlobalSecondaryIndexes": indexes}
    return 200, {"Table": {**description, "SSEDescription": {"Status": encryption}}}


@pytest.mark.parametrize(
    "code",
    [
        "ThrottlingException",
        "LimitExceededException",
        "ResourceInUseException",
        "InternalServerError",
        "ContinuousBackupsUnavailableException",
    ],
)
def test_asks_again_while_dynamodb_is_busy(config: Config, code: str) -> None:
    """A change that cannot be taken just now is asked for again, with pauses that grow."""
    busy = refusal(code)
    control, clients, time = controlled(config, {"UpdateContinuousBackups": in_turn(busy, busy, (200, {}))})
    control.change(recovery(NAME))
    assert clients.asked == ["UpdateContinuousBackups"] * 3
    assert time.now == 0.25 + 0.5


def test_stops_asking_after_a_minute(config: Config) -> None:
    """A DynamoDB that stays busy ends in a sentence with its own reason."""
    busy = refusal("LimitExceededException", "Subscriber limit exceeded.")
    control, clients, time = controlled(config, {"UpdateTable": lambda: busy})
    with pytest.raises(Refused, match=f"^{NAME}: DynamoDB refused UpdateTable: LimitExceeded.*Subscriber limit"):
        control.change(protection(NAME))
    assert CALL_SECONDS - LONGEST_PAUSE < time.now <= CALL_SECONDS
    assert len(clients.asked) < 20


@pytest.mark.parametrize("lost", [LOST, ConnectionClosedError(endpoint_url="http://localhost")])
def test_does_not_repeat_a_change_whose_answer_was_lost(config: Config, lost: Exception) -> None:
    """The change may have been made: the next look tells, not a second request."""
    control, clients, _ = controlled(config, {"UpdateTable": lambda: lost})
    control.change(protection(NAME))
    assert clients.asked == ["UpdateTable"]


def test_a_question_whose_answer_was_lost_is_asked_again(config: Config) -> None:
    """Asking twice changes nothing."""
    control, clients, _ = controlled(config, {"DescribeTable": in_turn(LOST, LOST, described("CREATING"))})
    live = control.look(NAME)
    assert live is not None
    assert live.status == "CREATING"
    assert clients.asked == ["DescribeTable"] * 3


def test_a_table_that_somebody_else_makes_is_made(config: Config) -> None:
    """Of two who make a table, the second has what it wanted."""
    control, clients, _ = controlled(config, {"CreateTable": lambda: refusal("ResourceInUseException")})
    control.change(creation(APPROVED_EMAILS, NAME, None))
    assert clients.asked == ["CreateTable"]


def test_a_table_that_is_not_there_is_none(config: Config) -> None:
    """A missing table is an answer, not a fault."""
    assert controlled(config, {})[0].look(NAME) is None


def test_waits_until_nothing_is_being_made(config: Config) -> None:
    """The table, its indexes and its encryption are waited for, because each refuses the next change."""
    states = [
        described("CREATING", "CREATING"),
        described("UPDATING"),
        described("ACTIVE", "CREATING"),
        described("ACTIVE", encryption="UPDATING"),
        described("ACTIVE"),
    ]
    control, clients, time = controlled(config, {"DescribeTable": in_turn(*states)})
    control.settle(NAME, 60)
    assert len(clients.asked) == 5
    assert time.now == 0.25 + 0.5 + 1 + 2


@pytest.mark.parametrize("seconds", [3.0, 300.0, 6 * 3600.0])
def test_waits_no_longer_than_it_promised(config: Config, seconds: float) -> None:
    """A table that never becomes active does not hold the command for ever."""
    control, _, time = controlled(config, {"DescribeTable": lambda: described("CREATING")})
    control.settle(NAME, seconds)
    assert seconds - LONGEST_PAUSE <= time.now <= seconds


def test_does_not_wait_for_a_table_that_went_away(config: Config) -> None:
    """A table that is deleted meanwhile is not waited for."""
    control, _, time = controlled(config, {"DescribeTable": in_turn(described("DELETING"))})
    control.settle(NAME, 1.0)
    assert time.now <= 1.0
    gone, clients, _ = controlled(config, {"DescribeTable": lambda: refusal("ResourceNotFoundException")})
    gone.settle(NAME, 60)
    assert clients.asked == ["DescribeTable"]


def test_does_not_wait_for_what_it_may_not_see(config: Config) -> None:
    """A refusal ends the wait; the look that follows tells it."""
    control, clients, time = controlled(config, {"DescribeTable": lambda: refusal("AccessDeniedException")})
    control.settle(NAME, 60)
    assert (clients.asked, time.now) == (["DescribeTable"], 0)
    with pytest.raises(Refused, match="may not call dynamodb:DescribeTable"):
        control.look(NAME)


def test_a_request_that_is_wrong_is_not_repeated(config: Config) -> None:
    """What DynamoDB calls wrong stays wrong."""
    control, clients, time = controlled(config, {})
    with pytest.raises(Refused, match="UpdateTable: ResourceNotFoundException"):
        control.change(Call("UpdateTable", {"TableName": NAME, "DeletionProtectionEnabled": True}))
    assert (clients.asked, time.now) == (["UpdateTable"], 0)
