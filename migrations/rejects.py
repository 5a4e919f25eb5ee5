"""`rejects.jsonl`: every row that was not moved, with the reason; each once, whoever was killed in between."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Lock
from typing import Any, TextIO

import orjson

from migrations.faults import Stopped
from migrations.state import replaced

Line = dict[str, Any]


class Rejects:
    """The file, open for more. A row is in it before the transaction that leaves it out is asked for."""

    def __init__(self, path: Path, still: Callable[[Line], bool]) -> None:
        self._lock = Lock()
        self._seen: set[int] = set()
        self.counts: Counter[tuple[str, str]] = Counter()
        replaced(path, self._kept(path, still))
        self._file: TextIO = os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND), "w", encoding="utf-8")

    def _kept(self, path: Path, still: Callable[[Line], bool]) -> Iterator[str]:
        """The lines of before that still hold: a row whose transaction never was is looked at again."""
        for line in read(path):
            if still(line) and self._is_new(line):
                yield _written(line)

    def add(self, line: Line) -> bool:
        """Write a row down, safe from the end of this process; whether it was not there before."""
        with self._lock:
            if not self._is_new(line):
                return False
            self._file.write(_written(line))
            self._file.flush()
            return True

    def has(self, line: Line) -> bool:
        """Whether a row is written down, for whatever reason."""
        return _mark(line) in self._seen

    def close(self) -> None:
        """Write all of it to the disk."""
        with self._lock:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()

    def _is_new(self, line: Line) -> bool:
        mark = _mark(line)
        if mark in self._seen:
            return False
        self._seen.add(mark)
        self.counts[line["table"], line["reason"]] += 1
        return True


def _line(path: Path, number: int, text: str) -> Line:
    try:
        line = orjson.loads(text)
        _mark(line), line["reason"]
    except (KeyError, TypeError, ValueError):
        raise Stopped(f"Line {number} of {path} is none of ours: take it out; verify finds its row again.") from None
    return dict(line)


def _mark(line: Line) -> int:
    return hash((line["table"], orjson.dumps(line["row"], option=orjson.OPT_SORT_KEYS)))


def read(path: Path) -> Iterator[Line]:
    """The lines of a file, if it is there; one that a crash has cut off is not."""
    if not path.exists():
        return
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if line.endswith("}\n"):
                yield _line(path, number, line)


def _written(line: Line) -> str:
    return orjson.dumps(line).decode() + "\n"
