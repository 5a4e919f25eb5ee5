"""The headers of every answer: what keeps a browser safe, and which web origins may call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask, Response, request

if TYPE_CHECKING:
    from config import Config

SAFE = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-site",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
OF_DATA = (("Content-Security-Policy", DATA_POLICY), *SAFE.items())
# What a page sends says from which site, never from which address: with `no-referrer` its own form would say `null`.
OF_PAGES = (("Content-Security-Policy", PAGE_POLICY), *(SAFE | {"Referrer-Policy": "strict-origin"}).items())
ALLOWED_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
ALLOWED_HEADERS = "Authorization, Content-Type, If-Range, Range, X-Content-Token, X-Request-ID"
EXPOSED_HEADERS = "Accept-Ranges, Content-Disposition, Content-Range, ETag, Location, Retry-After, X-Request-ID"


def install(app: Flask, config: Config) -> None:
    """Put the headers on every answer, errors too."""
    origins = frozenset(config.cors_origins)

    def secure(response: Response) -> Response:
        given = {name.lower() for name in response.headers.keys()}  # noqa: SIM118 (headers are no mapping)
        for name, value in OF_PAGES if response.mimetype == "text/html" else OF_DATA:
            if name.lower() not in given:
                response.headers.add(name, value)
        return response

    def share(response: Response) -> Response:
        origin = request.headers.get("Origin")
        response.vary.add("Origin")
        if origin is None or _is_page(response) or not (origin in origins or "*" in origins):
            return response
        response.headers["Access-Control-Allow-Origin"] = "*" if "*" in origins else origin
        response.headers["Access-Control-Expose-Headers"] = EXPOSED_HEADERS
        if config.cors_credentials:
            response.headers["Access-Control-Allow-Credentials"] = "true"
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            response.headers["Access-Control-Allow-Methods"] = ALLOWED_METHODS
            response.headers["Access-Control-Allow-Headers"] = ALLOWED_HEADERS
            response.headers["Access-Control-Max-Age"] = "7200"
        return response

    app.after_request(secure)
    if origins:
        app.after_request(share)


def _is_page(response: Response) -> bool:
    """Whether it is for whoever looks at it: by their cookie a script of another origin would read it."""
    return response.mimetype == "text/html" and request.method != "OPTIONS"
