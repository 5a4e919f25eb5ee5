"""Peers in a process of their own, in the environment that `make bench` makes for them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.measuring import Turn

HERE = Path(__file__).parent
PYTHON = HERE.parent / ".venv-bench" / "bin" / "python"


@contextmanager
def beside(script: str, *arguments: str) -> Iterator[dict[str, Turn]]:
    """What a script of `peers/` can do, by name; each turn says how many seconds of CPU a call took there."""
    command = [str(PYTHON), str(HERE / "peers" / script), *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as process:  # noqa: S603
        yield {what: _turn(process, what) for what in ("get", "query")}
        process.kill()


def versions(*packages: str) -> list[str]:
    """The versions of packages in that environment."""
    code = (
        "import sys; from importlib.metadata import version;"
        "print(*(f'{each} {version(each)}' for each in sys.argv[1:]), sep='\\n')"
    )
    return subprocess.check_output([str(PYTHON), "-c", code, *packages], text=True).splitlines()  # noqa: S603


def _turn(process: subprocess.Popen[str], what: str) -> Turn:
    def turn(calls: int) -> float:
        assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 (they are pipes)
        process.stdin.write(f"{what} {calls}\n")
        return float(process.stdout.readline())

    return turn
