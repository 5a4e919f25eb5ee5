"""The Flask application: how requests come in, who may pass, and how every answer goes out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask.typing import ResponseReturnValue
from flask_openapi3 import Info, OpenAPI
from werkzeug.middleware.proxy_fix import ProxyFix

from panzoto.deps import Deps

from . import errors, guards, headers, observe
from .answers import OrjsonProvider
from .paths import Email
from .requests import JsonRequest
from .schemas import ErrorBody, refuse_invalid

INFO = Info(
    title="Panzoto",
    version="0.1.0",
    description="Sign-in, encrypted audio and a vault of OAuth tokens. Every error has the shape of `ErrorBody`.",
)
BEARER: dict[str, Any] = {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}


class Application(OpenAPI):
    """Panzoto, ready to serve; `deps` is what its flows stand on."""

    request_class = JsonRequest
    json_provider_class = OrjsonProvider

    def __init__(self, deps: Deps) -> None:
        super().__init__(
            "panzoto",
            info=INFO,
            security_schemes=BEARER,
            doc_ui=False,
            validation_error_status=400,
            validation_error_model=ErrorBody,
            validation_error_callback=refuse_invalid,
        )
        config = deps.config
        self.extensions["panzoto"] = deps
        self.config["MAX_CONTENT_LENGTH"] = config.max_body_bytes
        self.config["SECRET_KEY"] = None  # Flask's own sessions are not used
        self.url_map.converters["email"] = Email
        self.view_functions["static"] = guards.public(self.view_functions["static"])
        self.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            self.wsgi_app, x_for=config.trusted_proxies, x_proto=config.trusted_proxies, x_host=0
        )
        observe.install(self)
        guards.install(self)
        errors.install(self)
        headers.install(self, config)

    def dispatch_request(self) -> ResponseReturnValue:
        """The answer of a route, once it is known whether its caller may have it: if not, that is what they hear."""
        try:
            return super().dispatch_request()
        finally:
            guards.settle()

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """A function as it is: none of ours is asynchronous, and to ask each at every request takes its time."""
        return func

    def require_guards(self) -> None:
        """Refuse to start with a route that does not say who may pass."""
        guards.require(self)
