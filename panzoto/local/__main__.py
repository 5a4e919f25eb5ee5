"""`python -m panzoto.local`, which `make run` calls: the backend and all that it stands on, until somebody stops it."""

from __future__ import annotations

import sys

from panzoto.local.signals import Signals


def main(arguments: list[str]) -> int:
    """Run until somebody asks for the end: 0 then, and 1 if it ended otherwise."""
    signals = Signals(with_parent="--with-parent" in arguments)
    signals.listen()
    from panzoto.local.starting import start  # noqa: PLC0415 (it takes a while, in which Ctrl-C must be no traceback)

    return start(signals)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
