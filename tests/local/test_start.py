"""What a first start brings up, and what a second one finds."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from panzoto.local.waiting import until
from tests.local.running import ROOT, SECONDS, Running, dynamodb, eventually, read, write
from tests.support.effort import tried_in_ci


def test_a_first_start_serves_and_says_where(run: Running) -> None:
    """The backend answers, the tables are there, the addresses are printed, and so is a sign-in that works."""
    run.up()
    status, body = run.get("/api/health")
    assert (status, json.loads(body)["status"]) == (200, "healthy")
    assert "panzoto-users" in dynamodb(run.emulator_port).list_tables()["TableNames"]
    password = (run.data / "admin_password").read_text().strip()
    for shown in (
        f"http://127.0.0.1:{run.port}/api/docs",
        f"http://127.0.0.1:{run.port}/admin\n",
        f":{run.port}/dev/outbox",
        "admin@panzoto.example",
        password,
    ):
        assert shown in run.said
    signed_in = run.post("/api/login", {"email": "admin@panzoto.example", "password": password})
    assert (signed_in[0], json.loads(signed_in[1])["user"]["roles"]) == (200, ["admin"])
    assert "Traceback" not in run.said


def test_the_data_folder_is_its_owners_alone(run: Running) -> None:
    """The folder is 0700, and every file of ours in it 0600: secrets, the admin's password, the environment, locks."""
    run.up().stop()
    assert run.data.stat().st_mode & 0o777 == 0o700
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in run.data.iterdir() if path.is_file()}
    assert {"secret_key", "jwt_secret_key", "admin_password", "env", "emulator.log"} <= set(modes)
    assert set(modes.values()) == {"0o600"}


def test_the_environment_it_leaves_serves_commands(run: Running) -> None:
    """`flask --env-file` with the file in the data folder reaches the same tables, and finds nothing wrong there."""
    run.up()
    checked = subprocess.run(
        [sys.executable, "-m", "flask", "--env-file", str(run.data / "env"), "tables", "check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, *(pytest.param(each, marks=tried_in_ci) for each in (signal.SIGINT, signal.SIGHUP))]
)
def test_what_was_written_is_there_after_a_stop_and_a_start(run: Running, number: signal.Signals) -> None:
    """Ctrl-C, `kill` and a closed terminal end everything in order, with exit code 0, and lose nothing."""
    write(run.up().emulator_port, "kept@example.com")
    secrets = {path: path.read_text() for path in (run.data / "secret_key", run.data / "admin_password")}
    assert run.stop(number) == 0
    assert run.processes() == []
    assert "Traceback" not in run.said
    assert read(run.up().emulator_port, "kept@example.com")
    assert {path: path.read_text() for path in secrets} == secrets
    assert secrets[run.data / "admin_password"].strip() in run.said


@tried_in_ci
def test_a_password_whose_file_is_gone_is_not_made_up(run: Running) -> None:
    """When the admin exists and the file of the password does not, the next start says so and prints no password."""
    run.up().stop()
    (run.data / "admin_password").unlink()
    run.up()
    assert "not known any more" in run.said
    assert not (run.data / "admin_password").exists()


WSGI = """
import time
from config import Config
from panzoto import create_app
app = create_app(Config.from_env())
def answers(environ, start):
    if environ["PATH_INFO"] == "/slow":
        print("it takes its time", flush=True)
        time.sleep(60)
    start("200 OK", [])
    return [b"{word}"]
app.wsgi_app = answers
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose application answers everything with `before`, and /slow in a minute."""
    root = tmp_path / "checkout"
    root.mkdir()
    for path in [*ROOT.glob("*.py"), ROOT / "panzoto", ROOT / "migrations"]:
        (root / path.name).symlink_to(path)
    (root / "wsgi.py").unlink()
    (root / "wsgi.py").write_text(WSGI.format(word="before"))
    return root


def test_reload_serves_changed_code(checkout: Path, run_in: Callable[..., Running]) -> None:
    """With RELOAD=1 the backend answers with new code soon after a file has changed."""
    run = run_in(root=checkout, RELOAD="1").up()
    assert run.answer("/api/health") == b"before"

    def serves_a_change() -> bool:
        (checkout / "wsgi.py").write_text(WSGI.format(word="after"))
        return until(lambda: run.answer("/api/health") == b"after", SECONDS)

    # gunicorn answers before it watches files: a change of its first moment is seen with the next one alone.
    assert serves_a_change() or serves_a_change(), run.said


@tried_in_ci
def test_a_second_ctrl_c_does_not_wait_for_open_requests(checkout: Path, run_in: Callable[..., Running]) -> None:
    """The first one lets an open request finish; the second one cuts it off, and the data is saved all the same."""
    run = run_in(root=checkout).up()
    with socket.create_connection(("127.0.0.1", run.port)) as caller:
        caller.sendall(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
        eventually(lambda: "it takes its time" in run.said, "the request is being served")
        write(run.emulator_port, "kept@example.com")
        run.process.send_signal(signal.SIGINT)
        eventually(lambda: "Handling signal: term" in run.said, "the backend is asked to end")
        assert run.process.poll() is None
        assert run.stop() == 0
    assert read(run.up().emulator_port, "kept@example.com")
