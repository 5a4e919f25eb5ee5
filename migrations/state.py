"""The folder of a move: which databases it is between, what it has come to, and that only one works on it at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from migrations.faults import Stopped

STATE, REJECTS = "state.json", "rejects.jsonl"


class Folder:
    """The files of a move. They hold personal data, never a password, and are for their owner's eyes only."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._state = path / STATE

    @property
    def rejects(self) -> Path:
        """The rows that were not moved."""
        return self.path / REJECTS

    def read(self) -> dict[str, Any]:
        """What is known of the move."""
        try:
            known = dict(orjson.loads(self._state.read_bytes()))
        except FileNotFoundError:
            return {}
        except (OSError, TypeError, ValueError) as fault:
            raise Stopped(f"{self._state} cannot be read: {fault}.") from None
        return known

    def note(self, **known: Any) -> None:
        """Add to what is known; the file is the old one or the new one, whatever happens."""
        state = {**self.read(), **known}
        replaced(self._state, [orjson.dumps(state, option=orjson.OPT_INDENT_2).decode() + "\n"])

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder while the block runs; whoever comes meanwhile is told."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self.path, os.O_RDONLY)
        except OSError as fault:
            raise Stopped(f"The folder {self.path} cannot be used: {fault.strerror}.") from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError:
            raise Stopped(f"Another command is at work in {self.path}.") from None
        finally:
            os.close(lock)

    def bind(self, between: Mapping[str, str]) -> None:
        """Refuse a folder that belongs to the move of another database, or to other tables."""
        known = self.read().get("between")
        if known is not None and known != between:
            raise Stopped(f"{self.path} belongs to another move, of {known['source']}; give each its own --state.")
        if known is None:
            self.note(between=dict(between))


def replaced(path: Path, lines: Iterable[str]) -> None:
    """Put a file in the place of another at once, for its owner's eyes only."""
    new = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.writelines(lines)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
