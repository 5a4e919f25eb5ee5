"""What is left, and what is lost, when something is killed: nothing, and seconds at most."""

from __future__ import annotations

import os
import signal
import sys

from panzoto.local.children import Child
from panzoto.local.ports import status
from tests.local.running import Running, eventually, read, write
from tests.support.effort import tried_in_ci


def test_a_killed_run_leaves_no_process_and_loses_nothing(run: Running) -> None:
    """After `kill -9` of the supervisor its children end by themselves, gracefully; the next start has the data."""
    write(run.up().emulator_port, "kept@example.com")
    run.process.kill()
    run.process.wait()
    assert run.nothing_is_left(), run.processes()
    assert read(run.up().emulator_port, "kept@example.com")


def test_a_start_right_after_a_kill_takes_over(run: Running) -> None:
    """A start that comes before the children of a killed run have ended waits for them, and has the data."""
    write(run.up().emulator_port, "kept@example.com")
    run.process.kill()
    run.process.wait()
    assert read(run.up().emulator_port, "kept@example.com")
    assert run.get("/api/health")[0] == 200


def test_ctrl_c_during_the_start_ends_what_was_started(run: Running) -> None:
    """Whoever changes their mind while the embedded AWS comes up is left with nothing, and no traceback."""
    run.start()
    eventually((run.data / "emulator.lock").exists, "the emulator is starting")
    assert run.stop() == 0
    assert run.processes() == []
    assert "Traceback" not in run.said


@tried_in_ci
def test_an_emulator_left_behind_is_ended_and_its_data_kept(run: Running) -> None:
    """An emulator that outlived its run, whatever the reason, is found by its lock, named, and ended gracefully."""
    run.up().stop()
    where = (str(run.data / "aws"), str(run.emulator_port))
    left = Child(
        "emulator", "panzoto.local.emulator", run.data / "emulator.lock", *where, log=run.data / "emulator.log"
    )
    try:
        eventually(
            lambda: status("127.0.0.1", run.emulator_port, "/_ministack/health") == 200,
            "the emulator that is left behind answers",
        )
        write(run.emulator_port, "kept@example.com")
        pid = run.pid("emulator")
        run.up()
        assert f"left behind (process {pid})" in run.said
        assert left.exit_code == 0
        assert read(run.emulator_port, "kept@example.com")
    finally:
        left.end(1)


def test_a_killed_emulator_ends_the_run_with_a_sentence(run: Running) -> None:
    """When the emulator dies, the run says so with the end of its log, ends the backend, and exits with 1."""
    run.up()
    os.kill(run.pid("emulator"), signal.SIGKILL)
    assert run.ended() == 1
    assert "The embedded AWS ended by itself (killed by SIGKILL)." in run.said
    assert "Traceback" not in run.said
    assert run.nothing_is_left(), run.processes()


@tried_in_ci
def test_a_killed_emulator_loses_no_more_than_seconds(run: Running) -> None:
    """What was written is saved from time to time: `kill -9` of the emulator cannot take it back after that."""
    saved = run.data / "aws" / "state" / "dynamodb.json"
    write(run.up().emulator_port, "kept@example.com")
    eventually(lambda: saved.exists() and "kept@example.com" in saved.read_text(), "the item is saved")
    os.kill(run.pid("emulator"), signal.SIGKILL)
    assert run.ended() == 1
    assert read(run.up().emulator_port, "kept@example.com")


def test_a_killed_backend_ends_the_run_with_a_sentence(run: Running) -> None:
    """When gunicorn dies, the run says so, its workers and the emulator end, and the exit code is 1."""
    run.up()
    os.kill(run.pid("backend"), signal.SIGKILL)
    assert run.ended() == 1
    assert "The backend ended by itself (killed by SIGKILL)" in run.said
    assert run.nothing_is_left(), run.processes()


def test_the_run_ends_when_make_is_killed(run: Running) -> None:
    """With --with-parent, as the Makefile starts it, `kill -9` of make ends everything in order."""
    command = [sys.executable, "-c", "import subprocess, sys; subprocess.call(sys.argv[1:])"]
    run.start("--with-parent", before=command)
    eventually(lambda: "Ctrl-C" in run.said, "the run is up")
    write(run.emulator_port, "kept@example.com")
    run.process.kill()
    run.process.wait()
    assert run.nothing_is_left(), run.processes()
    assert read(run.up().emulator_port, "kept@example.com")
