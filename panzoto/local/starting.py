"""From what the user set to a run: the settings, the data folder, the environment of everything that is started."""

from __future__ import annotations

import os

from config import Config
from panzoto.local.faults import CannotRun, Stop
from panzoto.local.folder import Folder
from panzoto.local.run import Run
from panzoto.local.screen import Screen
from panzoto.local.settings import SECRETS, Settings, as_env_file, environment, given
from panzoto.local.signals import Signals


def start(signals: Signals) -> int:
    """Run until somebody asks for the end. The exit code is 0 then, and 1 after a sentence that says what is wrong."""
    screen = Screen()
    try:
        user = given()
        settings = Settings.from_env(user)
        folder = Folder(settings.data)
        folder.take()
        environ = environment(user, settings, folder.secrets(*SECRETS))
        config = Config.from_env(environ)
        folder.write_env(as_env_file(environ))
        # The children inherit it, and the clients of AWS in this process must not see the user's account either.
        os.environ.clear()
        os.environ.update(environ)
        Run(settings, config, folder, screen, signals).everything()
    except Stop:
        return 0
    except CannotRun as fault:
        screen.complain(str(fault))
        return 1
