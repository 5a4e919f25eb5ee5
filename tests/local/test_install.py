"""The virtual environment that `make` stands on: made, found, repaired, and refused with a sentence."""

from __future__ import annotations

import ast
import importlib.util
import shutil
import signal
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from panzoto.local import install
from panzoto.local.waiting import until
from tests.support.effort import tried_in_ci

SECONDS = 60.0


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout that asks for no package, so that no network is needed."""
    root = tmp_path / "checkout"
    (root / "panzoto" / "local").mkdir(parents=True)
    shutil.copy(install.__file__, root / "panzoto" / "local")
    (root / "requirements-dev.txt").write_text("# nothing\n")
    return root


@pytest.fixture
def made(root: Path) -> Path:
    """A .venv as a finished run leaves it; without pip, which takes seconds to put there."""
    venv.create(root / ".venv", with_pip=False, symlinks=True)
    stamp = install.stamp(root / ".venv", root / "requirements-dev.txt")
    (root / ".venv" / install.STAMP).write_text("\n".join(stamp))
    return root / ".venv"


def installing(root: Path) -> subprocess.Popen[str]:
    """The script, as `make` runs it."""
    script = [sys.executable, str(root / "panzoto" / "local" / "install.py")]
    return subprocess.Popen(script, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def state(venv: Path, root: Path) -> tuple[bool, bool]:
    """Whether .venv is ready, and whether an update would make it so."""
    requirements = root / "requirements-dev.txt"
    return install.is_ready(venv, requirements), install.is_usable(venv)


def test_a_finished_environment_is_left_alone(root: Path, made: Path) -> None:
    """Nothing is said and nothing is done when nothing is to do."""
    assert state(made, root) == (True, True)
    assert installing(root).communicate(timeout=SECONDS)[0] == ""


def test_other_requirements_ask_for_an_update(root: Path, made: Path) -> None:
    """A change in the requirements is installed into the .venv that is there."""
    (root / "requirements-dev.txt").write_text("# something else\n")
    assert state(made, root) == (False, True)


def test_a_half_made_environment_is_not_taken_for_one(root: Path, made: Path) -> None:
    """Without the stamp that is written last, .venv is made afresh."""
    (made / install.STAMP).unlink()
    assert state(made, root) == (False, False)


def test_a_moved_environment_is_made_afresh(root: Path, made: Path, tmp_path: Path) -> None:
    """The scripts of a .venv name the folder where it was made."""
    moved = root.rename(tmp_path / "moved")
    assert state(moved / ".venv", moved) == (False, False)


def test_an_environment_that_lost_its_python_is_made_afresh(root: Path, made: Path) -> None:
    """The interpreter that .venv points to may be gone after an upgrade of the system."""
    (made / "bin" / "python").unlink()
    (made / "bin" / "python").symlink_to(root / "no-such-python")
    assert state(made, root) == (False, False)


def test_an_environment_of_somewhere_else_is_left_alone(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where .venv leads to another checkout's, the way there is taken away, and nothing at its end."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").touch()
    (root / ".venv").symlink_to(elsewhere)
    monkeypatch.setattr(sys, "executable", shutil.which("false"))  # what comes after takes long, and is not asked here
    with pytest.raises(install.CannotInstall):
        install.make(root / ".venv")
    assert [each.name for each in elsewhere.iterdir()] == ["kept"]
    assert not (root / ".venv").is_symlink()


@tried_in_ci
def test_two_at_once_make_one_environment(root: Path) -> None:
    """A half-made .venv is repaired by one of two runs; the other one waits, and finds it done."""
    (root / ".venv" / "bin").mkdir(parents=True)
    both = [installing(root), installing(root)]
    said = [each.communicate(timeout=SECONDS)[0] for each in both]
    assert [each.returncode for each in both] == [0, 0]
    assert sorted("Making .venv with Python" in each for each in said) == [False, True]
    assert state(root / ".venv", root) == (True, True)
    check = [str(root / ".venv" / "bin" / "python"), "-c", "import pip"]
    assert subprocess.run(check, check=False).returncode == 0


@tried_in_ci
def test_what_is_interrupted_is_made_afresh(root: Path) -> None:
    """Ctrl-C in the middle leaves a .venv that the next run does not take for a finished one."""
    first = installing(root)
    assert until((root / ".venv" / "bin").exists, SECONDS)
    first.send_signal(signal.SIGINT)
    said = first.communicate(timeout=SECONDS)[0]
    assert first.returncode == 130
    assert "The next run makes .venv afresh." in said
    assert "Traceback" not in said
    assert state(root / ".venv", root)[0] is False
    second = installing(root)
    assert "Making .venv with Python" in second.communicate(timeout=SECONDS)[0]
    assert second.returncode == 0


@tried_in_ci
def test_what_pip_cannot_do_is_said_with_its_last_words(root: Path) -> None:
    """When pip fails, for want of a network or otherwise, its words are shown and the exit code is 1."""
    (root / "requirements-dev.txt").write_text("./no-such-package\n")
    run = installing(root)
    said = run.communicate(timeout=SECONDS)[0]
    assert run.returncode == 1
    assert "pip could not install the packages. It said last:\n  ERROR: " in said
    assert "Traceback" not in said
    assert state(root / ".venv", root)[0] is False


def test_a_python_that_is_too_old_is_told_so() -> None:
    """The sentence names the version that was found, the one that is needed, and the command."""
    with pytest.raises(install.CannotInstall) as refused:
        install.require((3, 9, 18))
    sentence = "Python 3.9.18 is too old for Panzoto, which needs 3.11 or newer: make run PYTHON="
    assert str(refused.value).startswith(sentence)


def test_old_pythons_can_read_the_script() -> None:
    """It must be able to say that they are too old."""
    ast.parse(Path(install.__file__).read_text(), feature_version=(3, 7))


def test_debians_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Debian leaves out what makes virtual environments; the sentence names the package that brings it."""
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ensurepip" else find(name))
    with pytest.raises(install.CannotInstall, match=r"sudo apt install python3\.12-venv$"):
        install.require((3, 12, 1))
