"""Ctrl-C, `kill` and a closed terminal: noted when they come, heeded where stopping is safe."""

from __future__ import annotations

import os
import signal
from types import FrameType

from panzoto.local.faults import Stop


class Signals:
    """What this process was asked by signals. With `with_parent`, the end of its parent is such a request too."""

    def __init__(self, *, with_parent: bool = False) -> None:
        self.count = 0
        self._parent = os.getppid() if with_parent else None

    def listen(self) -> None:
        """Note signals from now on. A hangup that `nohup` has silenced stays silent."""
        signal.signal(signal.SIGINT, self._heard)
        signal.signal(signal.SIGTERM, self._heard)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            signal.signal(signal.SIGHUP, self._heard)

    def check(self) -> None:
        """Raise `Stop` if the end was asked for."""
        if self.count or self._parent not in {None, os.getppid()}:
            raise Stop

    def _heard(self, _number: int, _frame: FrameType | None) -> None:
        # An exception raised here could fall between the start of a process and the note that it was started.
        self.count += 1
