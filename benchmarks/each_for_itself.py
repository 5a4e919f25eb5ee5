"""The project's gunicorn configuration, but each process loads the application for itself and freezes nothing."""

from __future__ import annotations

from pathlib import Path

exec(compile(Path("gunicorn.conf.py").read_text(), "gunicorn.conf.py", "exec"))  # noqa: S102 (the project's own)
preload_app = False


def pre_fork(server: object, worker: object) -> None:
    """Freeze nothing."""
