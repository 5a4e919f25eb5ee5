"""Probes and metrics: whether the service is up, and how it is doing."""

from __future__ import annotations

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint, Tag

from panzoto.web import observe
from panzoto.web.guards import metrics_reader, public
from panzoto.web.requests import deps
from panzoto.web.schemas import ErrorBody, Health, KeySet, State

pages = APIBlueprint("pages", __name__, abp_tags=[Tag(name="service", description="Is it up, and how is it doing?")])


@pages.get("/api/health", summary="Is the service up?", responses={200: Health})
@public
def health() -> Response:
    """Answer as long as the process does; it asks nothing of DynamoDB."""
    return jsonify(Health().model_dump())


@pages.get("/healthz", summary="Is the process alive?", responses={200: State})
@public
def healthz() -> Response:
    """Answer as long as the process does."""
    return jsonify(State().model_dump())


@pages.get("/readyz", summary="Can it reach DynamoDB?", responses={200: State, 503: ErrorBody})
@public
def readyz() -> Response:
    """Read an item that does not exist; 503 when DynamoDB does not answer."""
    deps().users.find("readyz")
    return jsonify(State().model_dump())


@pages.get("/.well-known/jwks.json", summary="The public keys of access tokens", responses={200: KeySet})
@public
def jwks() -> Response:
    """For services that verify access tokens by themselves; empty where a secret signs them."""
    response = jsonify(deps().signing_keys.jwks(deps().clock()))
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


@pages.get("/metrics", summary="Metrics for Prometheus", doc_ui=False)
@metrics_reader
def metrics() -> Response:
    """Counters and histograms, in Prometheus's text format."""
    return Response(observe.exposition(), content_type="text/plain; version=0.0.4; charset=utf-8")
