"""`/dev/outbox`: the mail and SMS of `make run`, for people and for tests. It does not exist elsewhere."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, render_template

from panzoto.local.outbox import Outbox
from panzoto.web.guards import public
from panzoto.web.requests import deps

outbox = Blueprint("outbox", __name__)


def _box() -> Outbox:
    box = deps().outbox
    if box is None:
        raise LookupError("there is no outbox in this configuration")
    return box


@outbox.get("/dev/outbox.json")
@public
def listed() -> Response:
    """The messages for programs: a list, newest first."""
    return jsonify(_box().messages())


@outbox.get("/dev/outbox")
@public
def page() -> str:
    """The messages for people."""
    return render_template("outbox.html", messages=_box().messages())
