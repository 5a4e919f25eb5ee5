"""The OpenAPI document: what the routes declare, and the errors that every route of a kind can answer."""

from __future__ import annotations

from typing import Any, cast

from flask import Flask
from flask_openapi3 import OpenAPI
from flask_openapi3.utils import parse_rule

from .guards import Guard, guard_of, is_public

REFERENCE = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorBody"}}}}
OF_ACTS = {"429": "A limit was reached: retry after `Retry-After` seconds."}
OF_BODIES = {"413": "The body is too large.", "415": "The body does not say that it is JSON."}
OF_GUARDS = {"401": "No sign-in, or one that has ended.", "403": "The caller may not do this."}
OF_ALL = {"500": "A defect of ours.", "503": "Busy, or the storage does not answer: retry after `Retry-After` seconds."}


def document(app: Flask) -> dict[str, Any]:
    """The document of an application."""
    made = cast("OpenAPI", app)
    guards = _guards(app)
    found = cast("dict[str, Any]", made.api_doc)
    for path, methods in found["paths"].items():
        for method, operation in methods.items():
            _complete(operation, public=is_public(guards[path, method.upper()]), acts=method != "get")
            if method == "delete" and "requestBody" in operation:
                operation["requestBody"]["required"] = False  # proxies take it away (web/requests.py)
    return found


def _guards(app: Flask) -> dict[tuple[str, str], Guard | None]:
    """The guard of each documented path and method."""
    found = {}
    for rule in app.url_map.iter_rules():
        for method in rule.methods or ():
            found[parse_rule(rule.rule), method] = guard_of(app, rule.endpoint)
    return found


def _complete(operation: dict[str, Any], *, public: bool, acts: bool) -> None:
    """Add what every operation of its kind answers, and take away what it cannot."""
    responses = operation["responses"]
    errors = {**OF_ALL, **(OF_ACTS if acts else {})}
    if "requestBody" in operation:
        errors |= OF_BODIES
    if "requestBody" in operation or operation.get("parameters"):
        errors["400"] = "The request is not valid."
    else:
        responses.pop("400", None)
    if not public:
        errors |= OF_GUARDS
        operation["security"] = [{"bearer": []}]
    for status, description in errors.items():
        responses[status] = {"description": description, **REFERENCE}
    operation["responses"] = dict(sorted(responses.items()))
