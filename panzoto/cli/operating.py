"""What commands stand on that do what the service may not, such as scans."""

from __future__ import annotations

import click
from flask import current_app

from panzoto.deps import Deps, build


def operating() -> Deps:
    """The parts of an operator. What they count is given away when the command ends."""
    asked: Deps = current_app.extensions["panzoto"]
    deps = build(asked.config, operator=True)
    click.get_current_context().call_on_close(deps.tally.give)
    return deps
