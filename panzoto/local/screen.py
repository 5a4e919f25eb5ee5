"""What `make run` says on the terminal."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.text import Text


class Screen:
    """The terminal. That it was closed meanwhile stops nobody from ending in order."""

    def __init__(self) -> None:
        self._out = Console(highlight=False, soft_wrap=True)
        self._err = Console(highlight=False, soft_wrap=True, stderr=True)

    def say(self, sentence: str) -> None:
        """Something worth knowing."""
        self._print(self._out, Text(sentence))

    def complain(self, sentence: str) -> None:
        """Something that went wrong."""
        self._print(self._err, Text(sentence, style="red"))

    @contextmanager
    def step(self, doing: str, done: str) -> Iterator[None]:
        """Something that takes a while: a moving line on a terminal until it is done, then one that stays."""
        began = time.monotonic()
        with self._out.status(escape(doing)):
            yield
        self._print(self._out, Text.assemble(("✓ ", "green"), f"{done} ", (f"{time.monotonic() - began:.1f} s", "dim")))

    def lines(self, rows: Sequence[tuple[str, str, str]]) -> None:
        """Names, what they stand for, and a remark on some. No line is broken, so that each can be copied."""
        wide = max(len(name) for name, _, _ in rows)
        wider = max(len(value) for _, value, remark in rows if remark)
        self.say("")
        for name, value, remark in rows:
            line = Text.assemble((f"  {name:<{wide}}  ", "bold"), (f"{value:<{wider}}  ", "cyan"), (remark, "dim"))
            line.rstrip()
            self._print(self._out, line)
        self.say("")

    def _print(self, console: Console, what: object) -> None:
        try:
            console.print(what)
        except OSError:
            silence = os.open(os.devnull, os.O_WRONLY)
            for stream in (sys.stdout, sys.stderr):
                os.dup2(silence, stream.fileno())
