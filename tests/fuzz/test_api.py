"""No request that can be made of the document is answered with a defect, or otherwise than the document says."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Response, jsonify

from panzoto import create_app
from panzoto.deps import Deps
from panzoto.web.application import Application
from panzoto.web.guards import public
from tests.fuzz.api import fuzz

ME, HEALTH = "/api/v1/auth/me", "/api/health"


@pytest.mark.parametrize("role", ["anonymous", "admin"])
def test_the_document_is_kept(app: Application, deps: Deps, role: str) -> None:
    """Whoever asks, no answer is a defect, of an undocumented status, or of another shape (ASVS 4.1.1, 16.5.1).

    `make proof` sends thousands of requests more, as an ordinary person too.
    """
    found = fuzz(app, deps, role, examples=1, coverage=False)
    assert not found.violations
    assert found.sent > len(app.api_doc["paths"])
    assert role == "anonymous" or (f"GET {ME}", 200) in found.statuses, "it does not get in"


def _shapeless() -> Response:
    return jsonify(status=7)


def _undocumented() -> tuple[Response, int]:
    return jsonify(status="healthy"), 418


def _broken() -> Response:
    raise RuntimeError("a defect")


@pytest.mark.parametrize("defect", [_shapeless, _undocumented, _broken], ids=lambda each: each.__name__)
def test_the_harness_sees_a_defect(deps: Deps, defect: Callable[[], Response]) -> None:
    """A field of another type, a status that is not documented and a defect are each found: the harness can go red."""
    app = create_app(deps.config, deps)
    app.view_functions["pages.health"] = public(defect)
    assert fuzz(app, deps, "anonymous", examples=1, coverage=False, only=[HEALTH]).violations
