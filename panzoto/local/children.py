"""The processes that `make run` starts: each in a session of its own, so that Ctrl-C is not theirs, and tethered."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from panzoto.local.waiting import until

LAST_LINES = 12
SECONDS_FOR_A_GROUP = 5.0


class Child:
    """A process of ours. When this process ends, however it ends, the child's tether breaks and the child ends too."""

    def __init__(self, name: str, module: str, lock: Path, *arguments: str, log: Path | None = None) -> None:
        self.name = name
        self.log = log
        watched, self._tether = os.pipe()
        output = None if log is None else os.open(log, os.O_WRONLY | os.O_APPEND)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, str(watched), str(lock), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=None if output is None else subprocess.STDOUT,
                start_new_session=True,
                pass_fds=[watched],
            )
        finally:
            os.close(watched)
            if output is not None:
                os.close(output)

    @property
    def exit_code(self) -> int | None:
        """How it ended, or nothing while it runs."""
        return self._process.poll()

    def end(self, patience: float, hurry: Callable[[], bool] = lambda: False) -> None:
        """End it: gracefully, or by force once patience or the reason for it is gone. What it started ends too."""
        if self.exit_code is None:
            self._process.terminate()
        until(lambda: self.exit_code is not None or hurry(), patience)
        if self.exit_code is None:
            self._signal_group(signal.SIGKILL)
            self._process.wait()
        if not until(lambda: not self._signal_group(signal.SIGTERM), SECONDS_FOR_A_GROUP):
            self._signal_group(signal.SIGKILL)
        os.close(self._tether)

    def how_it_ended(self) -> str:
        """Its exit code or signal, and what it said last."""
        code = self.exit_code or 0
        how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        if self.log is None:
            return f"({how}); what it said stands above."
        last = self.log.read_text(errors="replace").splitlines()[-LAST_LINES:]
        return "\n  ".join([f"({how}). The end of {self.log}:", *(last or ["nothing"])])

    def _signal_group(self, number: int) -> bool:
        """Whether there is still somebody in its group who was signalled."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)
            return True
        return False
