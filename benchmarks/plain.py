"""gunicorn as the bare application and the peers have it: our workers, and nothing else of ours."""

from __future__ import annotations

import os

bind = f"127.0.0.1:{os.environ['PORT']}"
workers = int(os.environ.get("WEB_CONCURRENCY", "1"))
threads = 8
worker_class = "gthread"
preload_app = True
keepalive = 75
control_socket_disable = True
