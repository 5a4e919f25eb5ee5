"""gunicorn as a child of `make run`: it ends when `make run` does, and holds a lock until its last worker is gone."""

from __future__ import annotations

import sys
from pathlib import Path

from gunicorn.app.wsgiapp import WSGIApplication

from panzoto.local.locks import hold
from panzoto.local.tether import follow

SECONDS_FOR_THE_LOCK = 10.0


class Backend(WSGIApplication):  # type: ignore[misc]
    """gunicorn's own command, but for one thing that its command line cannot say."""

    def load_config(self) -> None:
        """Read the configuration. Code that is loaded before the processes part cannot be loaded again."""
        super().load_config()
        if self.cfg.reload:
            self.cfg.set("preload_app", False)


def main(tether: str, lock: str, *arguments: str) -> None:
    """Run gunicorn with these arguments."""
    follow(int(tether))
    hold(Path(lock), SECONDS_FOR_THE_LOCK)
    sys.argv = ["gunicorn", *arguments]
    Backend("%(prog)s [OPTIONS] [APP_MODULE]").run()


if __name__ == "__main__":
    main(*sys.argv[1:])
