"""The data folder of `make run`: nobody else's, one run at a time, with secrets that are made once."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from panzoto.local.faults import CannotRun
from panzoto.local.locks import Held, hold

MARK = "lock"
# Letters and digits that are not mistaken for one another when somebody types them.
READABLE = "abcdefghjkmnpqrstuvwxyz23456789"


class Folder:
    """The data folder, and where each thing in it is."""

    def __init__(self, name: str) -> None:
        try:
            self.path = Path(name).expanduser().absolute()
        except RuntimeError:
            raise CannotRun(f"PANZOTO_DATA is {name}, and this machine knows nobody of that name.") from None
        self.aws = self.path / "aws"
        self.env = self.path / "env"
        self.emulator_log = self.path / "emulator.log"
        self.emulator_lock = self.path / "emulator.lock"
        self.backend_lock = self.path / "backend.lock"
        self.admin_password = self.path / "admin_password"

    @property
    def shown(self) -> str:
        """The path as people type it: from here, if it is below."""
        here = Path.cwd()
        return str(self.path.relative_to(here) if self.path.is_relative_to(here) else self.path)

    def take(self) -> None:
        """Make the folder if it is not there and keep it for this run; refuse one that is not ours to use."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            if any(self.path.iterdir()) and not (self.path / MARK).exists():
                raise CannotRun(
                    f"PANZOTO_DATA is {self.shown}, a folder with other things in it; "
                    "name an empty one, or one that does not exist."
                )
            self.path.chmod(0o700)
            hold(self.path / MARK)
        except Held as held:
            raise CannotRun(
                f"Panzoto already runs with the data in {self.shown} (process {held.pid}); stop it, or run another "
                "beside it: make run PANZOTO_DATA=.panzoto-2 PORT=5001 EMULATOR_PORT=4567"
            ) from None
        except OSError as fault:
            raise CannotRun(f"PANZOTO_DATA is {self.shown}, which cannot be used: {fault.strerror}.") from fault

    def secrets(self, *names: str) -> dict[str, str]:
        """A secret for each of these variables, the same in every run."""
        return {name: kept(self.path / name.lower(), secrets.token_urlsafe) for name in names}

    def write_env(self, text: str) -> None:
        """Keep the environment of the backend for commands."""
        write(self.env, text)

    def fresh_log(self) -> Path:
        """The emulator's log, empty; the one of the run before is kept beside it."""
        if self.emulator_log.exists():
            self.emulator_log.replace(self.emulator_log.with_suffix(".log.old"))
        write(self.emulator_log, "")
        return self.emulator_log


def kept(path: Path, make: Callable[[], str]) -> str:
    """What the file holds, made at first."""
    if not path.exists():
        write(path, make() + "\n")
    return path.read_text().strip()


def write(path: Path, text: str) -> None:
    """Write a file that is there as a whole or not at all, and that only its owner reads."""
    unfinished = path.with_name(path.name + ".new")
    try:
        unfinished.unlink(missing_ok=True)
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
        unfinished.replace(path)
    except OSError as fault:
        raise CannotRun(f"{path} cannot be written: {fault.strerror}.") from fault


def readable_password() -> str:
    """A password of 98 random bits that survives being typed by hand."""
    return "-".join("".join(secrets.choice(READABLE) for _ in range(5)) for _ in range(4))
