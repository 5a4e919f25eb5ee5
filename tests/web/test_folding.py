"""What ended processes have counted stays counted, in as many files as there are kinds of counts."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from panzoto.web.folding import LOCK, fold

COUNTS = """
import os
from panzoto.web import observe
observe.REQUESTS.labels("/x", "GET", "200").inc()
observe.SECONDS.labels("/x").observe(0.02)
print(os.getpid())
"""
SHOWS = "from panzoto.web import observe; print(observe.exposition().decode())"


def ran(folder: Path, program: str) -> str:
    """What a process says that counts in the folder."""
    environ = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder)}
    done = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=True)
    return done.stdout


def counted(folder: Path) -> tuple[float, float, float]:
    """The requests, how many were timed, and how many of those took 25 ms at most, of all processes together."""
    said = ran(folder, SHOWS)
    names = ("panzoto_requests_total{", "panzoto_request_seconds_count{", 'panzoto_request_seconds_bucket{le="0.025"')
    found = [re.findall(rf"^{re.escape(name)}.*}} (\S+)$", said, re.MULTILINE) for name in names]
    first, second, third = (float(each[0]) for each in found)
    return first, second, third


def test_what_has_ended_is_counted_in_one_file(tmp_path: Path) -> None:
    """However many processes have ended; what a living one counts comes on top."""
    ended = [int(ran(tmp_path, COUNTS)) for _ in range(3)]
    before = counted(tmp_path)
    with ThreadPoolExecutor() as together:
        list(together.map(partial(fold, tmp_path), ended))
    assert counted(tmp_path) == before == (3, 3, 3)
    assert {each.name for each in tmp_path.iterdir()} == {"counter_0.db", "histogram_0.db", LOCK}
    ran(tmp_path, COUNTS)
    assert counted(tmp_path) == (4, 4, 4)
    fold(tmp_path, ended[0])
    assert counted(tmp_path) == (4, 4, 4), "a second time there is nothing"
