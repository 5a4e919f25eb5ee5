"""gunicorn as the tests start it: the same, and its calls of AWS are recorded where a folder is named for them."""

from __future__ import annotations

import os
from typing import Any

from gunicorn.app.wsgiapp import WSGIApplication


class Recorded(WSGIApplication):  # type: ignore[misc]
    """Records from the moment when the application is loaded; before, nothing of ours may be."""

    def load(self) -> Any:
        """Load it, at the start and at each reload."""
        from tests.support.grants import recording  # noqa: PLC0415 (it loads the metrics, whose place is known by now)

        if folder := os.environ.get(recording.VARIABLE):
            recording.install(folder)
        return super().load()


if __name__ == "__main__":
    Recorded("%(prog)s [OPTIONS] [APP_MODULE]").run()
