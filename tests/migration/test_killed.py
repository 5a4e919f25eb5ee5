"""The move is killed again and again while the network fails and people use the service: nothing is lost or doubled."""

from __future__ import annotations

import random
import signal
from pathlib import Path

from panzoto.deps import Deps
from panzoto.flows.client import Client
from panzoto.flows.delete_me import erase
from panzoto.flows.delete_audio import delete_audio
from panzoto.models.store.transaction import transact
from panzoto.models.users import User

from .conftest import SALT, Move, Old, files_of, users_of
from .dying import Fate, run

KILLS = 20
PEOPLE, FILES = 600, 500
SEED = 4711


def test_killed_at_twenty_moments(move: Move, old: Old, new: Deps) -> None:
    """Twenty ends by `kill -9`, a fifth of all calls failing: the last run completes it, and the comparison is clean."""
    old.people(PEOPLE, FILES)
    old.person("no-mail", "not an email")
    old.file("orphan", "nobody-there")
    fates = random.Random(SEED)
    ends = []
    for number in range(KILLS):
        fate = Fate(SEED + number, fates.randint(1, 9), afterwards=fates.random() < 0.5)
        ends.append(run(new.config, _command(move), fate))
    assert ends.count(-signal.SIGKILL) >= KILLS // 2, ends
    assert run(new.config, _command(move), Fate(SEED - 1)) == 0, (move.folder / "said").read_text()
    assert "Nothing is missing" in move.done("verify")
    assert len(users_of(new)) == PEOPLE
    assert len(files_of(new)) == FILES
    assert set(move.reasons()) == {"no-mail", "orphan"}
    assert len(move.rejects()) == 2


def _command(move: Move) -> list[str]:
    return ["migrate", "run", "--dsn", move.old.dsn, "--state", str(move.folder), "--workers", "4"]
