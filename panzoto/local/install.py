"""Makes .venv from requirements-dev.txt, and is quick to see when nothing is to do; it needs no package itself."""

# Any Python since 3.6 must be able to read this file, so that one too old is told so in a sentence.
import contextlib
import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

NEEDED = (3, 11)
NEWER = ("python3.14", "python3.13", "python3.12", "python3.11", "python3")
ROOT = Path(__file__).resolve().parents[2]
STAMP = "panzoto-stamp"
LAST_LINES = 12


class CannotInstall(Exception):
    """Why there is no .venv, in a sentence for whoever typed `make`."""


def main() -> int:
    """Make what is missing; the exit code is 0 when .venv is ready."""
    try:
        ensure(ROOT)
    except CannotInstall as fault:
        print(fault, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. The next run makes .venv afresh.", file=sys.stderr)
        return 130
    return 0


def ensure(root: Path) -> None:
    """Make, repair or update .venv if it is not what requirements-dev.txt asks for; of two at once, one works."""
    venv, requirements = root / ".venv", root / "requirements-dev.txt"
    if is_ready(venv, requirements):
        return
    with only_one(requirements) as lock:
        if is_ready(venv, requirements):
            return
        if not is_usable(venv):
            make(venv)
        install(venv, requirements, lock)


def is_ready(venv: Path, requirements: Path) -> bool:
    """Whether .venv was finished, stands where it was made, runs, and holds what is asked for."""
    return read_stamp(venv) == stamp(venv, requirements)


def is_usable(venv: Path) -> bool:
    """Whether .venv was finished, stands where it was made and runs, so that an update is enough."""
    return read_stamp(venv)[:2] == [str(venv), version(venv)]


def stamp(venv: Path, requirements: Path) -> "list[str]":
    """What is written into a finished .venv: its place, since scripts name it, its Python, and its requirements."""
    return [str(venv), version(venv), hashlib.sha256(requirements.read_bytes()).hexdigest()]


def read_stamp(venv: Path) -> "list[str]":
    """What the last finished run wrote, or nothing."""
    try:
        return (venv / STAMP).read_text().splitlines()
    except OSError:
        return []


def version(venv: Path) -> str:
    """Which Python .venv runs, such as cpython-311; a sentence that no stamp holds if it does not run."""
    command = [str(python(venv)), "-I", "-S", "-c", "import sys; print(sys.implementation.cache_tag)"]
    try:
        return subprocess.check_output(command, stderr=subprocess.DEVNULL).decode().splitlines()[0]
    except (OSError, subprocess.SubprocessError, IndexError):
        return "it does not run"


def python(venv: Path) -> Path:
    """The interpreter of .venv."""
    return venv / "bin" / "python"


@contextlib.contextmanager
def only_one(requirements: Path):  # type: ignore[no-untyped-def] # noqa: ANN201 (Iterator[int] as old Pythons spell it)
    """Hold the lock while the block runs. It is the file of requirements itself, so nothing is left lying about."""
    lock = os.open(str(requirements), os.O_RDONLY)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another run is making .venv; waiting for it ...", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock
    finally:
        os.close(lock)


def make(venv: Path) -> None:
    """An empty .venv in place of whatever is there."""
    require(sys.version_info[:3])
    print("Making .venv with Python {}.{}.{} ...".format(*sys.version_info[:3]), flush=True)
    if venv.is_symlink():  # to clear it would empty the folder that it leads to, which is somebody else's
        venv.unlink()
    with contextlib.suppress(OSError):
        (venv / STAMP).unlink()
    done = subprocess.run(
        [sys.executable, "-I", "-m", "venv", "--clear", str(venv)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode:
        raise CannotInstall("Python could not make .venv. It said:\n" + indented(done.stdout.decode().splitlines()))


def require(found: "tuple[int, ...]") -> None:
    """Refuse a Python that is too old, or one from which Debian has cut what makes virtual environments."""
    if found[:2] < NEEDED:
        newer = next(filter(is_new_enough, map(shutil.which, NEWER)), None) or "/path/to/python3.11"
        raise CannotInstall(
            "Python {} is too old for Panzoto, which needs {}.{} or newer: make run PYTHON={}".format(
                ".".join(map(str, found)), *NEEDED, newer
            )
        )
    if not all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")):
        raise CannotInstall(
            "This Python cannot make virtual environments; on Debian and Ubuntu: "
            "sudo apt install python{}.{}-venv".format(*found[:2])
        )


def is_new_enough(path: "str | None") -> bool:
    """Whether that is a Python which would do. It is asked, because a shim answers to names that it cannot run."""
    test = f"import sys; sys.exit(sys.version_info[:2] < {NEEDED!r})"
    return path is not None and not subprocess.call([path, "-I", "-S", "-c", test], stderr=subprocess.DEVNULL)


def install(venv: Path, requirements: Path, lock: int) -> None:
    """Everything that is asked for, each file checked against its hash; the stamp is written last."""
    total = len(re.findall(r"^[\w.,\[\]-]+==", requirements.read_text(), re.MULTILINE))
    print(f"Installing {total} packages into .venv; those that are new take a while ...", flush=True)
    began = time.time()
    with contextlib.suppress(OSError):
        (venv / STAMP).unlink()
    lines = run_pip(venv, requirements, lock, total)
    if lines:
        raise CannotInstall("pip could not install the packages. It said last:\n" + indented(lines))
    unfinished = venv / (STAMP + ".new")
    unfinished.write_text("\n".join(stamp(venv, requirements)) + "\n")
    unfinished.replace(venv / STAMP)
    print(f"Installed in {time.time() - began:.0f} s.", flush=True)


def run_pip(venv: Path, requirements: Path, lock: int, total: int) -> "list[str]":
    """What pip said last if it failed. It inherits the lock: killed or not, no other run starts before it ends."""
    command = [str(python(venv)), "-I", "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    lines = []  # type: list[str]
    process = subprocess.Popen(
        [*command, "-r", str(requirements)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
        pass_fds=[lock],
    )
    assert process.stdout is not None  # noqa: S101 (it is a pipe)
    try:
        for line in process.stdout:
            lines.append(line.rstrip())
            show(len([each for each in lines if each.startswith("Collecting ")]), total)
    except BaseException:
        process.terminate()
        process.wait()
        raise
    show(0, 0)
    return (lines[-LAST_LINES:] or ["nothing"]) if process.wait() else []


def show(number: int, total: int) -> None:
    """How far pip is, on a terminal; nothing once it is through."""
    if sys.stdout.isatty():
        print("\r\033[K" + (f"  {number} of {total}" if total else ""), end="", flush=True)


def indented(lines: "list[str]") -> str:
    """Somebody else's words, told from ours."""
    return "\n".join("  " + line for line in lines[-LAST_LINES:])


if __name__ == "__main__":
    sys.exit(main())
