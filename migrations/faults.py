"""What can keep the move from going on: one sentence each."""

from __future__ import annotations


class Stopped(Exception):
    """The command cannot go on. Its text is one sentence for the person who gave it."""


class Unfit(Exception):
    """A row cannot be moved. Its text says why, and holds nothing secret."""
