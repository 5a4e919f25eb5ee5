"""Commands for operators: `flask tables`, `keys`, `users`, `approvals`, `audio`, `costs`, `vault`, `migrate`."""

from __future__ import annotations

from flask import Flask

from migrations.cli import migrate as migrate_commands

from .approvals import approvals as approvals_commands
from .audio import audio as audio_commands
from .costs import costs as costs_command
from .keys import keys as keys_commands
from .tables import tables as tables_commands
from .users import users as users_commands
from .vault import vault as vault_commands


def register(app: Flask) -> None:
    """Add the commands to `flask`."""
    for commands in (
        tables_commands,
        keys_commands,
        users_commands,
        approvals_commands,
        audio_commands,
        costs_command,
        vault_commands,
        migrate_commands,
    ):
        app.cli.add_command(commands)
