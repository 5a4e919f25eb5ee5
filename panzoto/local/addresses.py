"""Where things are: what `make run` prints once everything is up."""

from __future__ import annotations

import os
from shlex import quote

from panzoto.local.folder import Folder
from panzoto.local.preparing import ADMIN
from panzoto.local.settings import DUMMY, Settings

Row = tuple[str, str, str]


def rows(settings: Settings, folder: Folder, host: str, password: str | None) -> list[Row]:
    """A name, a value and a remark for each thing to know."""
    shown_host = f"[{host}]" if ":" in host else host
    backend = f"http://{shown_host}:{settings.port}"
    secret = password or "not known any more: its file was removed"
    return [
        ("API", f"{backend}/api/health", ""),
        ("API docs", f"{backend}/api/docs", ""),
        ("Admin console", f"{backend}/admin", ""),
        ("Outbox", f"{backend}/dev/outbox", "mail and SMS end there"),
        ("AWS", settings.emulator, f"key {DUMMY}, secret {DUMMY}, region {os.environ['AWS_REGION']}"),
        ("First admin", ADMIN, f"password {secret}"),
        ("Commands", f".venv/bin/flask --env-file {quote(folder.shown)}/env tables check", ""),
        ("Log of AWS", f"{folder.shown}/emulator.log", "the backend's is what follows here"),
        ("Stop", "Ctrl-C", "the data stays"),
    ]
