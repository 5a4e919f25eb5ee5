"""Panzoto: the backend of an app that keeps people's encrypted recordings. `create_app` puts it together."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from config import Config
    from panzoto.deps import Deps
    from panzoto.web.application import Application


def create_app(config: Config, deps: Deps | None = None) -> Application:
    """The application that `config` describes; a test may hand it the things that it stands on."""
    from panzoto import blueprints, cli  # noqa: PLC0415 (so that importing a module of ours does not import Flask)
    from panzoto.deps import build  # noqa: PLC0415
    from panzoto.web.application import Application  # noqa: PLC0415

    app = Application(deps or build(config))
    blueprints.register(app)
    cli.register(app)
    app.require_guards()
    return app
