"""Commands for operators: `flask tables`, `keys`, `users`, `approvals`, `audit`, `figures` and others."""

from __future__ import annotations

from click import Command, Context
from flask import Flask
from flask.cli import AppGroup

from panzoto.deps import Deps


class Commands(AppGroup):
    """The commands, which are loaded when somebody asks for one: a server never does.

    What one counts is given away when it ends: a process that is over in a second waits for no timer. What a command
    leaves for afterwards is done by then.
    """

    _is_loaded = False

    def __init__(self, app: Flask) -> None:
        super().__init__(app.name)
        self._deps: Deps = app.extensions["panzoto"]

    def list_commands(self, ctx: Context) -> list[str]:
        """Their names."""
        self._load()
        return super().list_commands(ctx)

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        """One of them."""
        self._load()
        ctx.call_on_close(self._deps.tally.give)
        ctx.call_on_close(self._deps.later.finish)  # this one is called first: what is done afterwards is counted, too
        return super().get_command(ctx, cmd_name)

    def _load(self) -> None:
        if not self._is_loaded:
            from .commands import COMMANDS  # noqa: PLC0415 (see above)

            for command in COMMANDS:
                self.add_command(command)
            self._is_loaded = True


def register(app: Flask) -> None:
    """Give `flask` the commands."""
    app.cli = Commands(app)
