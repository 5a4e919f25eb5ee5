"""The OpenAPI document tells what the routes do, and its page needs nobody else."""

from __future__ import annotations

import re
from collections.abc import Callable

from flask import Response, jsonify
from flask.testing import FlaskClient

from panzoto.web.application import Application
from panzoto.web.guards import metrics_reader


def test_the_document_is_openapi_3_1(client: FlaskClient) -> None:
    """The document names its version, and every public route that answers JSON."""
    document = client.get("/api/openapi.json").get_json()
    assert document["openapi"].startswith("3.1")
    assert {"/api/health", "/healthz", "/readyz"} <= set(document["paths"])


def test_every_operation_tells_its_answers_and_errors(client: FlaskClient) -> None:
    """Every operation has an answer; one with a body 400, 413 and 415; one without anything to read no 400."""
    paths = client.get("/api/openapi.json").get_json()["paths"]
    assert set(paths["/try/notes"]["post"]["responses"]) >= {"400", "413", "415", "500", "503"}
    assert set(paths["/try/list"]["get"]["responses"]) >= {"400", "500", "503"}
    assert "400" not in paths["/api/health"]["get"]["responses"]
    for methods in paths.values():
        for operation in methods.values():
            assert operation["summary"]
            assert [status for status in operation["responses"] if status.startswith(("2", "3"))]
            error = operation["responses"]["503"]["content"]["application/json"]["schema"]
            assert error == {"$ref": "#/components/schemas/ErrorBody"}


def test_the_document_is_the_same_each_time(client: FlaskClient) -> None:
    """Asking twice changes nothing."""
    assert client.get("/api/openapi.json").data == client.get("/api/openapi.json").data


def test_the_page_loads_nothing_from_elsewhere(client: FlaskClient) -> None:
    """Every file that the page names is served from here."""
    page = client.get("/api/docs").get_data(as_text=True)
    named = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(named) >= 4
    for address in named:
        assert address.startswith("/")
        with client.get(address) as response:
            assert response.status_code == 200


def test_routes_behind_a_guard_ask_for_a_sign_in(app_for: Callable[..., Application]) -> None:
    """The document says of a guarded route that it wants a bearer token, and that it may answer 401 and 403."""
    app = app_for()

    @app.get("/try/guarded")
    @metrics_reader
    def guarded() -> Response:
        return jsonify()

    operation = app.test_client().get("/api/openapi.json").get_json()["paths"]["/try/guarded"]["get"]
    assert operation["security"] == [{"bearer": []}]
    assert {"401", "403"} <= set(operation["responses"])
