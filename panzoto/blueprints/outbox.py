"""`/dev/outbox`: the mail and SMS of `make run`, for people and for tests. It does not exist elsewhere."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, make_response, render_template

from panzoto.local.outbox import Outbox
from panzoto.web.guards import public
from panzoto.web.requests import deps

# A mail brings its own styles, and nothing else of its own; it stands in a frame without rights.
POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

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
def page() -> Response:
    """The messages for people."""
    response = make_response(render_template("outbox.html", messages=_box().messages()))
    response.headers["Content-Security-Policy"] = POLICY
    return response
