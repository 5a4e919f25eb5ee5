"""Whether the OpenAPI document tells what the routes answer: a status that it lacks is one that no app is ready for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, Response, request, request_finished
from flask_openapi3.utils import parse_rule

from panzoto.web.documents import document

# Where routes stand that tests add, or put in the place of others.
OURS = "tests."


@contextmanager
def watching() -> Iterator[set[str]]:
    """Gather each status that a documented route answers meanwhile and the document does not have."""
    statuses: dict[str, dict[str, set[str]]] = {}
    untold: set[str] = set()

    def look(app: Flask, response: Response) -> None:
        if request.url_rule is None or app.view_functions[request.url_rule.endpoint].__module__.startswith(OURS):
            return
        if not statuses:
            for path, methods in document(app)["paths"].items():
                statuses[path] = {method: set(each["responses"]) for method, each in methods.items()}
        told = statuses.get(parse_rule(request.url_rule.rule), {}).get(request.method.lower())
        if told is not None and str(response.status_code) not in told:
            test = os.environ.get("PYTEST_CURRENT_TEST")
            untold.add(f"{request.method} {request.url_rule.rule} answers {response.status_code} in {test}")

    request_finished.connect(look)
    try:
        yield untold
    finally:
        request_finished.disconnect(look)
