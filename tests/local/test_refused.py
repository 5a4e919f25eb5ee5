"""What does not start, and the one sentence that says why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.local.running import Running, listening
from tests.support.effort import tried_in_ci
from tests.support.ministack import free_port


def refused(run: Running) -> str:
    """What a run says that refuses to start."""
    assert run.start().ended() == 1, run.said
    assert "Traceback" not in run.said
    assert run.processes() == []
    return run.said


@pytest.mark.parametrize("variable", ["PORT", "EMULATOR_PORT"])
def test_a_port_that_is_taken_is_named_with_one_that_is_free(run: Running, variable: str) -> None:
    """Another program's port is left to it: the sentence names the variable and a command that works."""
    port = {"PORT": run.port, "EMULATOR_PORT": run.emulator_port}[variable]
    with listening(port):
        said = refused(run)
    assert f"{variable} is {port}, where another program listens; choose another, such as {variable}=" in said
    assert len(said.splitlines()) == 1


def test_the_port_that_is_named_is_not_our_other_one(run_in: Callable[..., Running]) -> None:
    """A command that would be refused next is not offered."""
    port = free_port()
    with listening(port):
        said = refused(run_in(PORT=str(port), EMULATOR_PORT=str(port + 1)))
    assert "such as PORT=" in said
    assert f"PORT={port + 1}.\n" not in said


def test_a_second_run_on_the_same_data_is_refused(run: Running, run_in: Callable[..., Running]) -> None:
    """Two runs would overwrite each other's data: the sentence names the process and what moves the second one."""
    run.up()
    second = run_in(data=run.data)
    said = refused_beside(second)
    assert f"process {run.process.pid}" in said
    assert "PANZOTO_DATA=" in said
    assert run.get("/api/health")[0] == 200


def refused_beside(second: Running) -> str:
    """What a second run on the same folder says; the first one's processes are there, and stay."""
    assert second.start().ended() == 1, second.said
    assert "Traceback" not in second.said
    return second.said


@tried_in_ci
def test_two_runs_side_by_side(run: Running, run_in: Callable[..., Running], tmp_path: Path) -> None:
    """With ports and folders of their own, two runs do not know of each other."""
    run.up()
    second = run_in(data=tmp_path / "second").up()
    assert run.stop() == 0
    assert second.get("/api/health")[0] == 200


@pytest.mark.parametrize(
    ("setting", "value", "sentence"),
    [
        ("PORT", "http", "PORT must be a whole number from 1 to 65535, not 'http'."),
        ("PORT", "70000", "PORT must be a whole number from 1 to 65535, not '70000'."),
        ("EMULATOR_PORT", "0", "EMULATOR_PORT must be a whole number from 1 to 65535, not '0'."),
        ("RELOAD", "maybe", "RELOAD must be 1 or 0, not 'maybe'."),
        ("USERS_TABLE", "a b", "USERS_TABLE must be a table name"),
        ("BIND", "203.0.113.1", "BIND is 203.0.113.1, where this machine cannot listen: "),
    ],
)
def test_a_wrong_value_is_named(run_in: Callable[..., Running], setting: str, value: str, sentence: str) -> None:
    """A value that cannot be used stops the start with a sentence that names the variable."""
    assert sentence in refused(run_in(**{setting: value}))


def test_one_port_for_two_is_refused(run_in: Callable[..., Running]) -> None:
    """The backend and the emulator cannot have one port."""
    assert "PORT and EMULATOR_PORT are both 5000" in refused(run_in(PORT="5000", EMULATOR_PORT="5000"))


def test_a_folder_with_other_things_in_it_is_refused(run: Running) -> None:
    """PANZOTO_DATA=~ by mistake neither fills nor locks somebody's home."""
    run.data.mkdir(mode=0o755)
    (run.data / "letter").write_text("to a friend")
    assert "a folder with other things in it" in refused(run)
    assert run.data.stat().st_mode & 0o777 == 0o755


def test_a_data_folder_that_cannot_be_one_is_refused(run: Running) -> None:
    """A file where the folder should be is named with the reason."""
    run.data.write_text("")
    assert "which cannot be used: File exists." in refused(run)


def test_a_data_folder_of_nobody_is_refused(run_in: Callable[..., Running]) -> None:
    """A home of somebody whom the machine does not know is named."""
    assert "PANZOTO_DATA is ~nosuchuser/x" in refused(run_in(PANZOTO_DATA="~nosuchuser/x"))


def test_a_file_that_cannot_be_written_is_named(run: Running) -> None:
    """Whatever keeps a file of the data folder from being written, the sentence names it."""
    run.data.mkdir(mode=0o700)
    (run.data / "lock").touch()
    (run.data / "secret_key.new").mkdir()
    assert "secret_key cannot be written: " in refused(run)


def test_a_backend_that_does_not_start_ends_the_run(run_in: Callable[..., Running]) -> None:
    """A backend that ends before it answers leaves its own words above the sentence, and no process."""
    run = run_in(GUNICORN_CMD_ARGS="--worker-class=nonsense")
    assert run.start().ended() == 1
    assert run.said.endswith("The backend ended by itself (exit code 1); what it said stands above.\n")
    assert run.processes() == []
