"""All commands there are."""

from __future__ import annotations

from click import Command

from migrations.cli import migrate as migrate_commands

from . import people as people_commands
from .approvals import approvals as approvals_commands
from .audio import audio as audio_commands
from .audit import audit as audit_commands
from .costs import costs as costs_command
from .figures import figures as figures_commands
from .keys import keys as keys_commands
from .tables import tables as tables_commands
from .vault import vault as vault_commands

COMMANDS: tuple[Command, ...] = (
    tables_commands,
    keys_commands,
    people_commands.users,  # the same group, with what is done for one person
    audit_commands,
    figures_commands,
    approvals_commands,
    audio_commands,
    costs_command,
    vault_commands,
    migrate_commands,
)
