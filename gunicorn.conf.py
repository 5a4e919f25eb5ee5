"""How gunicorn serves: a process per core with threads, the application loaded once, our log lines and metrics."""

from __future__ import annotations

import gc
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

from gunicorn.glogging import Logger

from config import Config
from env import ConfigError

_config = Config.from_env()
# The processes count into files of one folder, new at each start: what an earlier run counted is over. A reload reads
# this file again and goes on counting. Several servers of one machine that are to count together are given a folder.
_OURS = f"panzoto-metrics-{os.getpid()}-"
_given = os.environ.get("PANZOTO_METRICS", "")
if _given and not re.fullmatch(r"panzoto-metrics-\d+-\w{8}", Path(_given).name):
    Path(_given).mkdir(mode=0o700, parents=True, exist_ok=True)
elif _OURS not in _given:
    _parent = str(Path(_given).parent) if _given else os.environ.get("PROMETHEUS_MULTIPROC_DIR") or None
    if _parent:
        Path(_parent).mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ["PANZOTO_METRICS"] = tempfile.mkdtemp(prefix=_OURS, dir=_parent)
os.environ["PROMETHEUS_MULTIPROC_DIR"] = _metrics = os.environ["PANZOTO_METRICS"]

_host = f"[{_config.bind}]" if ":" in _config.bind else _config.bind
bind = f"{_host}:{_config.port}"
workers = _config.workers or os.cpu_count() or 1
threads = _config.threads
worker_class = "panzoto.web.worker.Worker"
preload_app = True
reuse_port = _config.reuse_port
timeout = 60
graceful_timeout = 30
keepalive = 75
# A process that has ended leaves its counters behind, which each reading of the metrics adds up: seldom, then.
max_requests = 1_000_000
max_requests_jitter = 100_000
limit_request_line = 8190
limit_request_fields = 64
control_socket_disable = True  # signals are enough, and one door less
# The client's address and scheme come from TRUSTED_PROXIES alone (web/application.py), never from a header.
forwarded_allow_ips = ""
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 (a heartbeat file, not ours to secure)
# The application writes one JSON line a request; gunicorn's own lines go the same way.
accesslog = None


class _OwnLines(Logger):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's log without lines for requests: with a dictionary below it would make each, and throw it away."""

    def _compute_access_log_enabled(self) -> bool:
        return False


logger_class = _OwnLines
logconfig_dict: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "loggers": {"gunicorn.error": {"level": "INFO", "propagate": True, "handlers": []}},
}


def on_starting(server: object) -> None:
    """Refuse to serve with the secret where a ring of keys is meant to sign: this machine alone may lack it."""
    from panzoto.aws import rings  # noqa: PLC0415
    from panzoto.aws.clients import Clients  # noqa: PLC0415

    place = rings.configured(_config, Clients(_config))
    if place is not None and place.read() is None:
        raise ConfigError(["There is no ring of keys where the configuration says; `flask keys generate` makes one."])


def when_ready(server: object) -> None:
    """Say when the environment lacks what makes password hashes quick: it must be there before the process begins."""
    import structlog  # noqa: PLC0415

    from panzoto import allocator, logs  # noqa: PLC0415

    logs.configure(_config.log_level)
    if wanting := allocator.wanting(os.environ):
        structlog.get_logger().warning("glibc_tunables_absent", wanting=wanting, set=allocator.TUNABLES)


def pre_fork(server: object, worker: object) -> None:
    """Keep what is loaded out of the collector's way, so that the processes go on sharing it."""
    gc.freeze()


def post_worker_init(worker: Any) -> None:
    """Look once for what processes that have ended may have left."""
    from panzoto.flows._working import wake  # noqa: PLC0415

    wake(worker.app.wsgi().extensions["panzoto"])


def worker_exit(server: object, worker: Any) -> None:
    """Give back what is not finished, so that somebody else takes it at once, and the figures that were counted."""
    if worker.booted:
        worker.app.callable.extensions["panzoto"].workers.stop()
        worker.app.callable.extensions["panzoto"].tally.give()


def on_reload(server: object) -> None:
    """Take the log lines back: gunicorn has configured logging afresh, without our form and redaction."""
    from panzoto import logs  # noqa: PLC0415 (a start that the configuration refuses needs nothing of ours)

    logs.configure(_config.log_level)


def child_exit(server: object, worker: Any) -> None:
    """Forget the gauges of a process that has ended, and put what it has counted to what others have."""
    from prometheus_client import multiprocess  # noqa: PLC0415 (it reads the variable above when it is loaded)

    from panzoto.web.folding import fold  # noqa: PLC0415

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
    try:
        fold(Path(_metrics), worker.pid)
    except Exception as fault:  # noqa: BLE001 (what it raises here ends all processes, and counts are not worth that)
        worker.log.warning("What process %s has counted stays in files of its own: %r", worker.pid, fault)


def on_exit(server: object) -> None:
    """Leave no metrics behind, unless others count there too."""
    if _OURS in _metrics:
        shutil.rmtree(_metrics, ignore_errors=True)
