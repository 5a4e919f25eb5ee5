"""The documentation of the API: the OpenAPI document, and a page that reads it, all served from here."""

from __future__ import annotations

from pathlib import Path

import flask_openapi3_swagger
from flask import Blueprint, Response, current_app, jsonify, render_template, send_from_directory

from panzoto.errors import NotFound
from panzoto.web.documents import document
from panzoto.web.guards import public

SWAGGER = Path(flask_openapi3_swagger.__file__).parent / "templates" / "swagger"
ASSETS = frozenset({"css/swagger-ui.css", "js/swagger-ui-bundle.js", "images/swagger.svg"})
# Swagger UI sets styles from its script; nothing else of the page needs more than our own files.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

docs = Blueprint("docs", __name__)


@docs.get("/api/openapi.json")
@public
def openapi() -> Response:
    """The OpenAPI 3.1 document, made from the code that validates."""
    return jsonify(document(current_app))


@docs.get("/api/docs")
@public
def page() -> Response:
    """A readable page of the API, where each call can be tried."""
    response = Response(render_template("docs.html"), mimetype="text/html")
    response.headers["Content-Security-Policy"] = POLICY
    return response


@docs.get("/api/docs/<path:name>")
@public
def asset(name: str) -> Response:
    """The files that the page is made of; none comes from another host."""
    if name not in ASSETS:
        raise NotFound
    response = send_from_directory(SWAGGER, name)
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response
