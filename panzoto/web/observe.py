"""What is known of every request: an id, one log line, its time, and what it spent at DynamoDB."""

from __future__ import annotations

import os
import re
import secrets
import time
from functools import cache
from pathlib import Path
from typing import TypeVar

import structlog
from flask import Flask, Response
from flask.globals import app_ctx, request_ctx
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.multiprocess import MultiProcessCollector

from panzoto.models.store import ledger

from . import folding

GIVEN_ID = re.compile(r"[A-Za-z0-9_-]{8,64}", re.ASCII)
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
BEFORE = "panzoto.ledger_before"  # with the request itself: one within another shares its `g`

REQUESTS = Counter("panzoto_requests_total", "Requests answered.", ["route", "method", "status"])
SECONDS = Histogram("panzoto_request_seconds", "Time to answer.", ["route"], buckets=BUCKETS)
UNITS = Counter("panzoto_dynamodb_units_total", "Request units consumed.", ["flow", "table", "kind"])
TRIPS = Counter("panzoto_dynamodb_round_trips_total", "Calls to DynamoDB.", ["flow"])
RETRIES = Counter("panzoto_dynamodb_retries_total", "Calls to DynamoDB that were repeated.", ["flow"])

Metric = TypeVar("Metric", bound=MetricWrapperBase)
log = structlog.get_logger()


# `request` and `g` would be looked up anew for each of their names: here they are looked up once.
def _begin() -> None:
    request, g = request_ctx.request, app_ctx.g
    g.started = time.perf_counter()
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if GIVEN_ID.fullmatch(given) else secrets.token_hex(12)
    structlog.contextvars.bind_contextvars(request_id=g.request_id)
    g.ledger, request.environ[BEFORE] = ledger.begin(request.endpoint or "unknown")


def _finish(response: Response) -> Response:
    request, g = request_ctx.request, app_ctx.g
    response.headers["X-Request-ID"] = g.request_id
    route = request.url_rule.rule if request.url_rule else "unknown"
    seconds = time.perf_counter() - g.started
    method = request.method if request.method in METHODS else "other"  # anybody may invent one
    _count(route, method, response.status_code, seconds, g.ledger)
    if route not in QUIET or response.status_code >= 400:  # noqa: PLR2004 (a probe is news when it fails)
        log.info(
            "request",
            method=request.method,
            route=route,  # the pattern, never the address: an address may hold a token
            status=response.status_code,
            ms=round(seconds * 1000, 1),
            address=request.remote_addr,
            reads=g.ledger.reads,
            writes=g.ledger.writes,
            trips=g.ledger.trips,
        )
    return response


def _count(route: str, method: str, status: int, seconds: float, spent: ledger.Ledger) -> None:
    _part(REQUESTS, route, method, status).inc()
    _part(SECONDS, route).observe(seconds)
    if spent.trips:
        _part(TRIPS, spent.flow).inc(spent.trips)
    if spent.retries:
        _part(RETRIES, spent.flow).inc(spent.retries)
    for (table, kind), amount in spent.units.items():
        _part(UNITS, spent.flow, table, kind).inc(amount)


@cache
def _part(metric: Metric, *labels: object) -> Metric:
    """The part of a metric that has these labels. They are few, and the metric keeps each of them, too."""
    return metric.labels(*labels)


def _end(_: BaseException | None) -> None:
    if (before := request_ctx.request.environ.pop(BEFORE, None)) is not None:  # of a request that began, and once
        ledger.end(before)
    structlog.contextvars.clear_contextvars()


def exposition() -> bytes:
    """The metrics, of all processes together where gunicorn runs several."""
    if (folder := os.environ.get("PROMETHEUS_MULTIPROC_DIR")) is None:
        return generate_latest()
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    with folding.reading(Path(folder)):
        return generate_latest(registry)


def install(app: Flask) -> None:
    """Watch every request."""
    app.before_request(_begin)
    app.after_request(_finish)
    app.teardown_request(_end)
