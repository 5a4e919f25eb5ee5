"""An application with one route of each kind that the rules of the web are tried on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Response, jsonify
from flask.testing import FlaskClient
from pydantic import Field

from config import Config
from panzoto import create_app, logs
from panzoto.deps import Deps
from panzoto.errors import Conflict, StoreBusy
from panzoto.web.application import Application
from panzoto.web.guards import public
from panzoto.web.requests import deps
from panzoto.web.schemas import Body, Query, State

logs.configure("info")  # as wsgi.py does, before anything is logged


class Note(Body):
    """A body with text, a number and a part of its own."""

    text: str
    count: int = 0
    tags: list[str] = Field(default_factory=list)
    meta: dict[str, str] = Field(default_factory=dict)


class Wish(Body):
    """A body of which nothing must be there."""

    why: str | None = None


class Listing(Query):
    """A query with a number."""

    limit: int = 50


def made(config: Config) -> Application:
    """The application of a configuration, with the routes of these tests."""
    app = create_app(config)

    @app.post("/try/notes", responses={200: State})
    @public
    def note(body: Note) -> Response:
        """Take a note."""
        return jsonify(body.model_dump())

    @app.delete("/try/wishes", responses={200: State})
    @public
    def drop(body: Wish) -> Response:
        """Drop the notes."""
        return jsonify(body.model_dump())

    @app.get("/try/list", responses={200: State})
    @public
    def listing(query: Listing) -> Response:
        """Read a query."""
        return jsonify(query.model_dump())

    @app.get("/try/defect", responses={200: State})
    @public
    def defect() -> Response:
        """Break."""
        raise RuntimeError("somebody@example.com broke password=hunter2 +14155550100")

    @app.get("/try/busy", responses={200: State})
    @public
    def busy() -> Response:
        """Be busy."""
        raise StoreBusy(retry_after=7)

    @app.get("/try/conflict", responses={200: State})
    @public
    def conflict() -> Response:
        """Lose a race."""
        raise Conflict

    @app.get("/try/store", responses={200: State})
    @public
    def store() -> Response:
        """Ask the store."""
        return jsonify(found=deps().users.find("nobody") is not None)

    app.require_guards()
    return app


@pytest.fixture
def app_for(config_for: Callable[..., Config]) -> Callable[..., Application]:
    """Makes applications of changed configurations."""
    return lambda **changes: made(config_for(**changes))


@pytest.fixture
def client(app_for: Callable[..., Application]) -> FlaskClient:
    """A client of the application as it is."""
    return app_for().test_client()


def error_of(response: Any) -> dict[str, Any]:
    """The error in an answer, whose shape is checked on the way."""
    body: dict[str, Any] = response.get_json()
    assert set(body) - {"details"} == {"error", "code", "request_id"}
    assert body["error"].endswith((".", "exists"))
    assert response.headers["X-Request-ID"] == body["request_id"]
    return body


@pytest.fixture
def deps_app(deps: Deps) -> Application:
    """The application on each store, with its tables."""
    return create_app(deps.config, deps)
