"""What is known of every request: an id, one log line, its time, and what it spent at DynamoDB."""

from __future__ import annotations

import os
import re
import secrets
import time
from contextlib import ExitStack

import structlog
from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from panzoto.models.store import ledger

GIVEN_ID = re.compile(r"[A-Za-z0-9_-]{8,64}", re.ASCII)
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
QUIET = frozenset({"/healthz", "/readyz", "/metrics"})

REQUESTS = Counter("panzoto_requests_total", "Requests answered.", ["route", "method", "status"])
SECONDS = Histogram("panzoto_request_seconds", "Time to answer.", ["route"], buckets=BUCKETS)
UNITS = Counter("panzoto_dynamodb_units_total", "Request units consumed.", ["flow", "table", "kind"])
TRIPS = Counter("panzoto_dynamodb_round_trips_total", "Calls to DynamoDB.", ["flow"])
RETRIES = Counter("panzoto_dynamodb_retries_total", "Calls to DynamoDB that were repeated.", ["flow"])

log = structlog.get_logger()


def _begin() -> None:
    g.started = time.perf_counter()
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if GIVEN_ID.fullmatch(given) else secrets.token_hex(12)
    structlog.contextvars.bind_contextvars(request_id=g.request_id)
    g.closing = ExitStack()
    g.ledger = g.closing.enter_context(ledger.keep(request.endpoint or "unknown"))


def _finish(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.request_id
    route = request.url_rule.rule if request.url_rule else "unknown"
    seconds = time.perf_counter() - g.started
    _count(route, response.status_code, seconds, g.ledger)
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


def _count(route: str, status: int, seconds: float, spent: ledger.Ledger) -> None:
    method = request.method if request.method in METHODS else "other"  # anybody may invent one
    REQUESTS.labels(route, method, str(status)).inc()
    SECONDS.labels(route).observe(seconds)
    if spent.trips:
        TRIPS.labels(spent.flow).inc(spent.trips)
    if spent.retries:
        RETRIES.labels(spent.flow).inc(spent.retries)
    for (table, kind), amount in spent.units.items():
        UNITS.labels(spent.flow, table, kind).inc(amount)


def _end(_: BaseException | None) -> None:
    if "closing" in g:
        g.closing.close()
    structlog.contextvars.clear_contextvars()


def exposition() -> bytes:
    """The metrics, of all processes together where gunicorn runs several."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest()
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


def install(app: Flask) -> None:
    """Watch every request."""
    app.before_request(_begin)
    app.after_request(_finish)
    app.teardown_request(_end)
