"""What commands stand on that do what the service may not, such as scans."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click
from flask import current_app

from panzoto.deps import Deps, build


def operating(**changes: Any) -> Deps:
    """The parts of an operator, of a changed configuration. What they count is given away when the command ends."""
    asked: Deps = current_app.extensions["panzoto"]
    deps = build(replace(asked.config, **changes), operator=True)
    click.get_current_context().call_on_close(deps.tally.give)
    return deps
