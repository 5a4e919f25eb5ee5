"""The emulator of the tests: it is there for them alone, and gone when they are, killed or not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from config import Config
from panzoto.deps import build
from tests.support import tables
from tests.support.ministack import running
from tests.support.needs import needs
from tests.support.servers import closed

OWNER = """
import sys
from tests.support.ministack import running
with running() as address:
    print(address, flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_emulator_ends_with_its_owner(end: signal.Signals) -> None:
    """However the owner ends, nobody listens any more."""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", OWNER], stdin=pipe, stdout=pipe, stderr=pipe, text=True) as owner:
        assert owner.stdout is not None
        address = owner.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:")
        os.kill(owner.pid, end)
        owner.wait(20)
        assert closed(address)


def test_the_emulator_ends_with_the_block() -> None:
    """A test that starts one of its own leaves nothing behind."""
    with running() as address:
        assert not closed(address, within=0)
    assert closed(address)


def test_accounts_do_not_see_each_other(config_for: Callable[..., Config]) -> None:
    """What one test makes is not there for another."""
    mine = build(config_for()).clients.dynamodb()
    tables.create_all(mine, config_for())
    others = build(config_for(aws_access_key_id="222222222222")).clients.dynamodb()
    assert len(mine.list_tables()["TableNames"]) == len(tables.SETTINGS)
    assert others.list_tables()["TableNames"] == []


def test_a_program_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that wants it is skipped with its name; in CI, which has everything, the test fails."""
    assert os.access(needs("sh"), os.X_OK)
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no-such-program is not installed"):
        needs("no-such-program")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no-such-program is not installed"):
        needs("no-such-program")
