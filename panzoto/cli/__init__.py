"""Commands for operators: `flask tables`."""

from __future__ import annotations

from flask import Flask

from .tables import tables as tables_commands


def register(app: Flask) -> None:
    """Add the commands to `flask`."""
    app.cli.add_command(tables_commands)
