"""The units of systemd: as systemd itself reads and judges them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from config import Config
from tests.support.needs import needs

from .units import UNIT, settings

UNITS = UNIT.parent
# Out of 100; what does not speak to a network at all would have none.
MOST_EXPOSED = {"panzoto@1.service": 20, "panzoto-work.service": 20, "panzoto-sweep@audio.service": 30}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The units as they are installed, templates by an instance; the programs are ones that this machine has."""
    folder = tmp_path_factory.mktemp("units")
    for unit in UNITS.iterdir():
        text = unit.read_text(encoding="utf-8").replace("/srv/panzoto/current/.venv/bin/", "/bin/echo ")
        name = unit.name.replace("panzoto@", "panzoto@1").replace("sweep@", "sweep@audio")
        (folder / name).write_text(text.replace("/srv/panzoto/current", "/"))
    return folder


def analyzed(*words: str) -> str:
    """What systemd says of units; it ends with 0."""
    program = needs("systemd-analyze")
    environ = {**os.environ, "SYSTEMD_COLORS": "0"}
    said = subprocess.run(
        [program, *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        stdin=subprocess.DEVNULL,
        env=environ,
    )
    assert said.returncode == 0, said.stdout + said.stderr
    return said.stdout + said.stderr


def test_systemd_understands_every_unit(installed: Path) -> None:
    """Nothing in them is unknown, misspelt or missing."""
    assert analyzed("verify", "--man=no", *map(str, sorted(installed.iterdir()))) == ""


@pytest.mark.parametrize("name", sorted(MOST_EXPOSED))
def test_units_may_do_little(installed: Path, name: str) -> None:
    """By systemd's own measure little is left that they may do."""
    analyzed("security", "--offline=true", f"--threshold={MOST_EXPOSED[name]}", str(installed / name))


def test_they_agree_with_the_service() -> None:
    """A unit waits longer than gunicorn gives open requests, and the example of an environment names our variables."""
    assert int(settings()["TimeoutStopSec"][0]) > 30
    lines = (UNITS.parent / "environment.example").read_text(encoding="utf-8").splitlines()
    named = {line.split("=")[0] for line in lines if not line.startswith("#")}
    assert named <= {each.metadata["name"] for each in Config.__dataclass_fields__.values()}
