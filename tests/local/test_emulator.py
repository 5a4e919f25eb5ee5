"""When the embedded AWS saves what it holds."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from panzoto.local.emulator import Kept, may_write


def request(method: str, target: str = "") -> Any:
    """A request as the emulator sees it."""
    return {"type": "http", "method": method, "headers": [(b"x-amz-target", target.encode())]}


@pytest.mark.parametrize(
    ("scope", "writes"),
    [
        (request("GET"), False),
        (request("HEAD"), False),
        (request("PUT"), True),
        (request("POST"), True),
        (request("POST", "DynamoDB_20120810.GetItem"), False),
        (request("POST", "DynamoDB_20120810.TransactGetItems"), False),
        (request("POST", "DynamoDB_20120810.PutItem"), True),
        (request("POST", "DynamoDB_20120810.TransactWriteItems"), True),
        ({"type": "lifespan"}, False),
    ],
)
def test_what_may_write_is_told_from_what_reads(scope: Any, writes: bool) -> None:
    """A question in the shape of a POST is no reason to save."""
    assert may_write(scope) is writes


class Emulator:
    """An emulator whose saving can be watched, and made to fail as MiniStack's does: with a line in a log."""

    def __init__(self) -> None:
        self.saved = 0
        self.fails = False
        self.kept = Kept(self.answer, self.save_all)

    async def answer(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer nothing."""

    def save_all(self) -> None:
        """Save, or fail."""
        self.saved += 1
        if self.fails:
            logging.getLogger("persistence").error("the disk is full")

    def serve(self, scope: Any) -> None:
        """Serve a request."""
        asyncio.run(self.kept(scope, None, None))  # type: ignore[arg-type]


def test_only_what_is_not_saved_is_saved() -> None:
    """Nothing is written while nothing changes."""
    emulator = Emulator()
    emulator.kept.save()
    emulator.serve(request("PUT"))
    emulator.kept.save()
    emulator.serve(request("GET"))
    emulator.kept.save()
    assert emulator.saved == 1


def test_what_could_not_be_saved_is_saved_again() -> None:
    """A failure that the emulator only logs leaves its state to be saved by the next turn."""
    emulator = Emulator()
    emulator.serve(request("PUT"))
    emulator.fails = True
    emulator.kept.save()
    emulator.fails = False
    emulator.kept.save()
    emulator.kept.save()
    assert emulator.saved == 2
