"""A gateway without a store: its clock goes when it is told to, and every answer is written by the test."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from panzoto.aws.clients import Clients
from panzoto.crypto.cursors import Cursors
from panzoto.models.spec import AUDIO_FILES
from panzoto.models.store.gateway import Gateway
from panzoto.models.table import Table
from tests.support import border
from tests.support.border import Border, Step
from tests.support.clocks import Clock
from tests.support.configs import configured
from tests.support.tables import EVERYTHING

DEADLINE, ATTEMPT = 5.0, 2.5
NOWHERE = "http://127.0.0.1:9"


@cache
def _client() -> tuple[Any, Border]:
    """One client for all rigs: making it takes longer than most tests."""
    client = Clients(configured("111111111111", NOWHERE)).dynamodb()
    return client, border.at(client)


class Files(Table):
    """Records of files."""

    spec = replace(AUDIO_FILES, operations=EVERYTHING)


class Rig:
    """One gateway and one table on it. `meets` is what the requests meet instead of a store."""

    def __init__(self) -> None:
        client, self.border = _client()
        self.clock = Clock()
        self.gateway = Gateway(
            client,
            Cursors(bytes(32)),
            deadline=DEADLINE,
            attempt=ATTEMPT,
            clock=self.clock,
            wait=self.clock.wait,
        )
        self.files = Files(self.gateway, "files")

    def meets(self, *steps: Step, then: Step) -> None:
        """From now on the requests meet these steps, and ever after the last; none leaves the process."""
        self.border.expect(*steps, then=then)

    @property
    def attempts(self) -> int:
        """How many requests were made since then."""
        return len(self.border.requests)

    def takes(self, seconds: float, step: Step) -> Step:
        """The step, when it takes that long."""
        return border.after(lambda: self.clock.goes(seconds), step)
