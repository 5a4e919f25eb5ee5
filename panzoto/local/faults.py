"""What keeps `make run` from running, or ends it."""

from __future__ import annotations


class CannotRun(Exception):
    """Why there is nothing running, in a sentence for whoever typed `make run`."""


class Stop(Exception):
    """Somebody asked for the end: Ctrl-C, `kill`, a closed terminal."""
