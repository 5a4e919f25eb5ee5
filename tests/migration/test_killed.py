"""The move is killed again and again while the network fails and people use the service: nothing is lost or doubled."""

from __future__ import annotations

import random
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2 import PasswordHasher

from panzoto.deps import Deps
from tests.accounts.conftest import PASSWORD
from tests.support import server as gunicorn
from tests.support.effort import tries

from .conftest import Move, Old, files_of, users_of
from .dying import Fate, run
from .living import Life

KILLS = tries(20, at_home=5)
PEOPLE, FILES = tries(2000, at_home=500), tries(3000, at_home=750)
SEED = 4711
HASH = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
SETTINGS = {"WEB_CONCURRENCY": "1", "THREADS": "2", "ARGON2_MEMORY_KIB": "12288", "ARGON2_ITERATIONS": "3"}


@pytest.fixture
def life(ministack: str, account: str, new: Deps) -> Iterator[Life]:
    """A real server on the tables that the move writes, and those who use it."""
    new.clients.s3().create_bucket(Bucket=new.config.s3_bucket)
    environ = gunicorn.environment(
        ministack, account, S3_BUCKET=new.config.s3_bucket, DYNAMODB_DEADLINE="60s", **SETTINGS
    )
    with gunicorn.serving(environ) as server:
        yield Life(server, new, PEOPLE)


def test_killed_at_many_moments(move: Move, old: Old, new: Deps, life: Life) -> None:
    """Ends by `kill -9`, a fifth of all calls failing, people coming and going: the last run completes it."""
    old.people(PEOPLE, FILES)
    old.do("UPDATE users SET password_hash = %s", HASH)
    old.person("no-mail", "not an email")
    old.file("orphan", "nobody-there")
    moments = random.Random(SEED)
    with ThreadPoolExecutor(1) as meanwhile:
        for number in range(KILLS):
            lives = meanwhile.submit(life.goes_on, number)
            assert run(new.config, command(move), Fate(SEED + number, moments.randint(2, 9))) == -signal.SIGKILL
            lives.result()
        assert 0 < len(files_of(new)) < FILES - len(life.gone), "the last run has nothing to do"
        last = [meanwhile.submit(life.goes_on, KILLS + each) for each in range(3)]
        assert run(new.config, command(move), Fate(SEED - 1)) == 0, (move.folder / "said").read_text()
        for lives in last:
            lives.result()
    assert "Nothing is missing" in move.done("verify")
    life.is_as_it_was()
    assert min(len(life.came), len(life.changed), len(life.gone)) >= KILLS // 4
    assert len(users_of(new)) == PEOPLE - len(life.gone) - len(life.taken) + len(life.came)
    assert {"no-mail", "orphan", *life.taken} <= set(move.reasons())
    assert len(move.rejects()) == len({(each["table"], str(each["row"])) for each in move.rejects()})


def command(move: Move) -> list[str]:
    """The command that is given each time."""
    return ["migrate", "run", "--dsn", move.old.dsn, "--state", str(move.folder), "--workers", "4"]
