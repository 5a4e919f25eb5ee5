"""What stands in the way is told in a sentence, with an exit code that is not 0, and nothing is half done."""

from __future__ import annotations

import builtins
import fcntl
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Thread, main_thread
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

import migrations.cli
from migrations.mapping import Names
from migrations.source import opened
from panzoto.cli import operating
from panzoto.deps import Deps, build
from panzoto.local.waiting import until
from tests.support import border
from tests.support.border import Step
from tests.support.ministack import free_port
from tests.support.postgres import PASSWORD

from .conftest import Move, Old, files_of, users_of


def sentence(move: Move, command: str, *more: str, dsn: str | None = None) -> str:
    """What a command says that cannot do its work."""
    result = move(command, *more, dsn=dsn)
    assert result.exit_code == 1, result.output
    assert isinstance(result.exception, SystemExit), result.exception
    told = [line for line in result.output.splitlines() if line.startswith("Error: ")]
    assert len(told) == 1, result.output
    assert PASSWORD not in result.output
    return told[0]


@pytest.mark.parametrize("command", ["plan", "run", "verify"])
def test_postgresql_is_not_there(move: Move, command: str) -> None:
    """Nobody listens: a sentence, without a password."""
    dsn = f"host=127.0.0.1 port={free_port()} password='{PASSWORD.replace(chr(39), chr(92) + chr(39))}'"
    assert "PostgreSQL cannot be used" in sentence(move, command, dsn=dsn)
    assert users_of(move.deps) == {}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"password": "wrong"}, "password authentication failed"),
        ({"user": "nobody"}, "password authentication failed"),
        ({"database": "nowhere"}, "does not exist"),
    ],
)
def test_postgresql_does_not_let_us_in(move: Move, old: Old, changes: dict[str, str], words: str) -> None:
    """A wrong password, user or database is told as the server says it."""
    assert words in sentence(move, "run", dsn=old.server.dsn(**changes))


def test_a_dsn_that_is_none_is_not_repeated(move: Move) -> None:
    """What cannot be parsed may hold a password anywhere in it."""
    told = sentence(move, "run", dsn=f"postgres:/{PASSWORD}")
    assert "not one" in told


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://panzoto:se@cret@127.0.0.1:1/old",
        "postgresql://panzoto:se/cret@127.0.0.1:1/old",
        "postgresql://panzoto:se:cret/x@127.0.0.1/old",
        "postgresql://cret/x:y@127.0.0.1@/old",
    ],
)
def test_a_password_that_is_not_quoted_is_not_told(move: Move, dsn: str) -> None:
    """Where a sign in a password ends it too early, the rest of it is neither a host nor a port in a sentence."""
    told = sentence(move, "run", dsn=dsn)
    assert "%40" in told
    assert "cret" not in told


def test_the_environment_says_where_postgresql_is(move: Move, old: Old, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a DSN the PG* variables count."""
    settings = {"PGHOST": "127.0.0.1", "PGPORT": str(old.server.port), "PGDATABASE": "postgres", "PGUSER": "panzoto"}
    for name, value in {**settings, "PGPASSWORD": PASSWORD, "PGOPTIONS": f"-c search_path={old.name}"}.items():
        monkeypatch.setenv(name, value)
    old.person("ann")
    result = move("run", dsn="")
    assert result.exit_code == 0, result.output
    assert set(users_of(move.deps)) == {"ann"}
    kept = "".join(each.read_text() for each in move.folder.iterdir())
    assert PASSWORD not in kept + result.output


def test_a_missing_table_is_named(move: Move, old: Old) -> None:
    """A table that is not there, or has another name."""
    old.do("DROP TABLE audio_files")
    assert "no table audio_files" in sentence(move, "run")
    assert users_of(move.deps) == {}


def test_a_missing_column_is_named(move: Move, old: Old) -> None:
    """A column that is not there, or has another name."""
    old.do("ALTER TABLE users RENAME email TO mail")
    assert "has no column email" in sentence(move, "run")


def test_a_table_that_we_may_not_read_is_named(move: Move, old: Old) -> None:
    """Whoever may not read is told so, before anything is written."""
    old.do(f"CREATE ROLE reader LOGIN PASSWORD '{PASSWORD.replace(chr(39), chr(39) * 2)}'")
    old.do(f"GRANT USAGE ON SCHEMA {old.name} TO reader")
    old.do("GRANT SELECT ON users TO reader")
    told = sentence(move, "run", dsn=make_conninfo(old.dsn, user="reader"))
    assert "permission denied for table audio_files" in told
    assert users_of(move.deps) == {}


def test_a_cancelled_query_is_told_and_the_run_goes_on(move: Move, old: Old) -> None:
    """A replica cancels what is in its way: the command ends, and the same command completes the move."""
    old.people(120, 60)
    with psycopg.connect(old.dsn) as lock:
        lock.execute("LOCK TABLE audio_files")
        canceller = Thread(target=_cancel, args=(old,))
        canceller.start()
        told = sentence(move, "run")
        canceller.join()
    assert "cancelled the query" in told
    assert files_of(move.deps) == {}
    move.done("run")
    move.done("verify")


def test_a_lost_connection_is_told_and_the_run_goes_on(move: Move, old: Old) -> None:
    """A server that restarts in the middle: the command ends, and the same command completes the move."""
    old.people(120, 60)
    with psycopg.connect(old.dsn) as lock:
        lock.execute("LOCK TABLE audio_files")
        killer = Thread(target=_cancel, args=(old, "pg_terminate_backend"))
        killer.start()
        assert "broke off" in sentence(move, "run")
        killer.join()
    move.done("run")
    move.done("verify")


def _cancel(old: Old, how: str = "pg_cancel_backend") -> None:
    """Cancel the query of the move, as soon as it waits."""
    waits = "application_name = 'panzoto-migrate' AND wait_event_type = 'Lock'"
    ends = time.monotonic() + 30
    while time.monotonic() < ends:
        if old.ask(f"SELECT {how}(pid) FROM pg_stat_activity WHERE {waits}"):
            return
        time.sleep(0.02)  # between two looks; the deadline above is what decides


def test_nothing_is_ever_written_to_postgresql(move: Move, old: Old) -> None:
    """The connection cannot write: not by a mistake of ours either."""
    with pytest.raises(Exception, match="read-only"), opened(old.dsn, Names.read(None)) as source:
        source._connection.execute("DELETE FROM users")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("not toml", "cannot be read"),
        ("speed = 3", "speed"),
        ('zone = "Mars/Olympus"', "time zone"),
        ('unreadable_hashes = "keep"', "unreadable_hashes"),
        ('unreadable_hashes = ["without"]', "unreadable_hashes"),
        ("[users]\nnick = 'x'", "nick"),
        ("[users]\nemail = 5", "in quotes"),
        ("users = 5", "in quotes"),
    ],
)
def test_a_mapping_file_that_is_wrong(move: Move, tmp_path: Path, text: str, words: str) -> None:
    """What is not understood in the mapping file is named."""
    path = tmp_path / "mapping.toml"
    path.write_text(text)
    assert words in sentence(move, "run", "--mapping", str(path))


def test_two_at_once_in_one_folder(move: Move) -> None:
    """Of two commands in one folder one is refused."""
    move.folder.mkdir()
    lock = os.open(move.folder, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    assert "Another command" in sentence(move, "run")
    os.close(lock)


def test_a_folder_of_another_move(move: Move, old_for: Callable[..., Old]) -> None:
    """What was noted of one database is not taken for another."""
    move.done("run")
    assert "belongs to another move" in sentence(move, "run", dsn=old_for().dsn)


def test_a_folder_that_cannot_be_one(move: Move, tmp_path: Path) -> None:
    """A folder that cannot be made, and a note that cannot be read, are told."""
    (tmp_path / "file").write_text("")
    assert "cannot be used" in sentence(move, "run", "--state", str(tmp_path / "file" / "below"))
    move.folder.mkdir()
    for text in ("{", "5"):
        (move.folder / "state.json").write_text(text)
        assert "cannot be read" in sentence(move, "run")


def test_rejects_that_cannot_be_read_or_written(move: Move) -> None:
    """A line that is none of ours, and a file that cannot be replaced, are named."""
    move.done("run")
    for text in ("{}", '{"table": }', '{"table": "users", "row": {}}'):
        (move.folder / "rejects.jsonl").write_text(f"{text}\n")
        assert "Line 1 of" in sentence(move, "verify")
    (move.folder / "rejects.jsonl").unlink()
    (move.folder / "rejects.jsonl.new").unlink()
    (move.folder / "rejects.jsonl.new").mkdir()
    assert "rejects.jsonl.new cannot be written or read: Is a directory" in sentence(move, "verify")


def test_tables_are_missing_here(move: Move, old: Old) -> None:
    """Without the tables of the service the sentence says how they are made."""
    move.deps = replace(move.deps, config=replace(move.deps.config, auth_state_table="nowhere"))
    assert "flask tables create" in sentence(move, "run")


def test_a_report_of_nothing(move: Move) -> None:
    """Before anything was found there is nothing to report."""
    assert "nothing to report" in sentence(move, "report")


def test_a_time_that_is_none(move: Move) -> None:
    """`--since` takes a time."""
    move.done("run")
    assert "--since must be" in sentence(move, "run", "--since", "yesterday")


@pytest.mark.parametrize("kept", ["timestamp", "date", "timestamptz", "double precision"])
@pytest.mark.parametrize("since", ["9999-12-31", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00"])
def test_times_at_the_ends_of_the_calendar(
    new: Deps, old_for: Callable[..., Old], tmp_path: Path, kept: str, since: str
) -> None:
    """A time that the column can hold is taken, and any other is told in a sentence."""
    move = Move(new, tmp_path / "move", old_for(time=kept))
    move.done("run")
    result = move("run", "--since", since)
    assert result.exit_code == 0 or "from the year 2 to 9998" in result.output, result.exception


def test_times_that_cannot_be_compared(new: Deps, old_for: Callable[..., Old], tmp_path: Path) -> None:
    """Rows since a time cannot be asked for where times are text."""
    move = Move(new, tmp_path / "move", old_for(time="text"))
    move.done("run")
    assert "created_at is text" in sentence(move, "run", "--since", "2024-01-01")


def test_psycopg_is_missing(move: Move, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without what the command needs says what to install."""
    real = builtins.__import__

    def without(name: str, *given: Any, **named: Any) -> Any:
        if name == "migrations.source":
            raise ModuleNotFoundError(name)
        return real(name, *given, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    assert "requirements-migrate.txt" in sentence(move, "run")


@contextmanager
def met_by(monkeypatch: pytest.MonkeyPatch, *steps: Step, then: Step | None = None) -> Iterator[None]:
    """Let the calls of the move to DynamoDB meet these steps."""

    def made(*given: Any, **named: Any) -> Deps:
        deps = build(*given, **named)
        border.at(deps.gateway._client, *steps, then=then)
        return deps

    monkeypatch.setattr(operating, "build", made)
    yield
    monkeypatch.undo()


def test_dynamodb_refuses(move: Move, old: Old, monkeypatch: pytest.MonkeyPatch) -> None:
    """A role that may not write is told at once, and nothing is moved."""
    old.people(10)
    through: list[Step] = [border.through] * 4
    with met_by(monkeypatch, *through, then=border.refuses("AccessDeniedException")):
        assert "AccessDenied" in sentence(move, "run")
    assert users_of(move.deps) == {}
    move.done("run")


def test_dynamodb_refuses_a_row(move: Move, old: Old, monkeypatch: pytest.MonkeyPatch) -> None:
    """A transaction that is refused for what no retry mends ends the command, which names the reason."""
    old.person("ann")
    cancelled = border.cancels("None", "None", "ValidationError")
    with met_by(monkeypatch, *[border.through] * 4, then=cancelled):
        assert "ValidationError" in sentence(move, "run")


def test_dynamodb_is_away_for_longer_than_our_patience(move: Move, old: Old, monkeypatch: pytest.MonkeyPatch) -> None:
    """Throttled for ever, the command ends; the same command goes on."""
    monkeypatch.setattr("migrations.loading.PAUSE", 0.01)
    monkeypatch.setattr("migrations.cli.DEADLINE", migrations.cli.DEADLINE / 10)
    old.person("ann")
    throttled = border.refuses("ThrottlingException")
    with met_by(monkeypatch, *[border.through] * 4, then=throttled):
        assert "the same command goes on" in sentence(move, "run", "--patience", "1")
    move.done("run")
    assert set(users_of(move.deps)) == {"ann"}


def test_nobody_waits_for_dynamodb_when_the_run_is_over(move: Move, old: Old, monkeypatch: pytest.MonkeyPatch) -> None:
    """Interrupted while DynamoDB is away, the command ends at once, and not when its patience does."""
    monkeypatch.setattr("migrations.cli.DEADLINE", migrations.cli.DEADLINE / 10)
    old.person("ann")
    old.file("f", "ann")

    throttled = border.refuses("ThrottlingException")
    with (
        interruptible(),
        met_by(monkeypatch, *[border.through] * 4, *[throttled] * 9, interrupting(throttled), then=throttled),
    ):
        began = time.monotonic()
        assert move("run", "--patience", "40").exit_code != 0
        assert time.monotonic() - began < 25
    assert users_of(move.deps) == {}


def test_nobody_waits_for_their_turn_when_the_run_is_over(
    move: Move, old: Old, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Interrupted while units are saved up, the command ends at once: its next chunk would have waited for minutes."""
    old.people(60)
    with interruptible(), met_by(monkeypatch, *[border.through] * 4, interrupting(border.through)):
        began = time.monotonic()
        assert move("run", "--max-wcu", "1").exit_code != 0
        assert time.monotonic() - began < 25
    assert 0 < len(users_of(move.deps)) < 60
    move.done("run")
    assert len(users_of(move.deps)) == 60


@contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGINT interrupt, as on a terminal."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def interrupting(then: Step) -> Step:
    """Somebody presses Ctrl-C during this call of a worker, as soon as the command waits for it."""

    def interrupted(request: Any, send: Any) -> Any:
        assert until(_waits, 30)
        signal.pthread_kill(main_thread().ident or 0, signal.SIGINT)
        return then(request, send)

    return interrupted


def _waits() -> bool:
    """Whether the command has handed all chunks out and waits for one, where it stays: it reads no more rows."""
    names = [frame.name for frame in traceback.extract_stack(sys._current_frames()[main_thread().ident or 0])]
    return names[-3:] == ["_in_flight", "result", "wait"]


def test_a_lost_answer_brings_nobody_back(move: Move, old: Old, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows of a later run whose answer was lost: who was deleted before the next attempt stays deleted."""
    move.done("run")
    old.person("ann")

    def deleted() -> None:
        move.deps.users.delete_person("ann")
        move.deps.emails.release("old.ann@example.com", "ann")

    monkeypatch.setattr("migrations.cli.DEADLINE", migrations.cli.DEADLINE / 10)
    monkeypatch.setattr("panzoto.models.store.gateway.ATTEMPTS", 1)
    with met_by(monkeypatch, *[border.through] * 4, border.lost_and(deleted)):
        move.done("run", "--since", "2020-01-01")
    assert users_of(move.deps) == {}
