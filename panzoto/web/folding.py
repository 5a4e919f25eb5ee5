"""What processes have counted that have ended, in one file: whoever scrapes would read one of each for ever."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client.mmap_dict import MmapedDict

KINDS = ("counter", "histogram")
LOCK, NOBODY = "lock", 0  # no process has this number


@contextmanager
def reading(folder: Path) -> Iterator[None]:
    """Nothing is folded inside."""
    with _locked(folder, fcntl.LOCK_SH):
        yield


def fold(folder: Path, pid: int) -> None:
    """Add what an ended process has counted to what the others have that ended before it, and remove its files."""
    with _locked(folder, fcntl.LOCK_EX):
        for kind in KINDS:
            ended = folder / f"{kind}_{pid}.db"
            if ended.exists():
                _add(ended, folder / f"{kind}_{NOBODY}.db")
                ended.unlink()


def _add(ended: Path, together: Path) -> None:
    found = list(MmapedDict.read_all_values_from_file(str(ended)))  # type: ignore[no-untyped-call]
    total = MmapedDict(str(together))  # type: ignore[no-untyped-call]
    try:
        for key, value, at, _ in found:
            before, _at = total.read_value(key)  # type: ignore[no-untyped-call]
            total.write_value(key, before + value, at)  # type: ignore[no-untyped-call]
    finally:
        total.close()  # type: ignore[no-untyped-call]


@contextmanager
def _locked(folder: Path, how: int) -> Iterator[None]:
    """Two servers may count in one folder."""
    with (folder / LOCK).open("a") as file:
        fcntl.flock(file, how)
        yield
