"""How gunicorn serves: a process per core with threads, the application loaded once, our log lines and metrics."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from config import Config

_config = Config.from_env()
if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="panzoto-metrics-")

_host = f"[{_config.bind}]" if ":" in _config.bind else _config.bind
bind = f"{_host}:{_config.port}"
workers = _config.workers or os.cpu_count() or 1
threads = _config.threads
worker_class = "gthread"
preload_app = True
timeout = 60
graceful_timeout = 30
keepalive = 75
max_requests = 50_000
max_requests_jitter = 5_000
limit_request_line = 8190
limit_request_fields = 64
control_socket_disable = True  # signals are enough, and one door less
# The client's address and scheme come from TRUSTED_PROXIES alone (web/application.py), never from a header.
forwarded_allow_ips = ""
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 (a heartbeat file, not ours to secure)
# The application writes one JSON line a request; gunicorn's own lines go the same way.
accesslog = None
logconfig_dict: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "loggers": {"gunicorn.error": {"level": "INFO", "propagate": True, "handlers": []}},
}


def pre_fork(server: object, worker: object) -> None:
    """Keep what is loaded out of the collector's way, so that the processes go on sharing it."""
    gc.freeze()


def child_exit(server: object, worker: Any) -> None:
    """Forget the gauges of a process that has ended."""
    from prometheus_client import multiprocess  # noqa: PLC0415 (it reads the variable above when it is loaded)

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(server: object) -> None:
    """Leave no metrics behind."""
    shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)
