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
from tests.fuzz.chains import walked

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


def test_chains_of_requests(app: Application, deps: Deps) -> None:
    """What an answer says opens the next request: accounts, recordings, connections and approvals, to their end."""
    walks = list(walked(app, deps))
    assert [each for walk in walks for each in walk.violations] == []
    assert sum(walk.sent for walk in walks) > 20


def test_a_chain_sees_a_defect(deps: Deps) -> None:
    """A session that does not end, and an answer of another shape, are found: the chains can go red."""
    app = create_app(deps.config, deps)
    app.view_functions["auth.delete_session"] = public(lambda session_id: jsonify(status=session_id))
    app.view_functions["oauth.get_connections"] = public(lambda: jsonify(connections=[{"provider": "acme", "a": 1}]))
    walks = list(walked(app, deps))
    assert [bool(walk.violations) for walk in walks] == [True, False, True, False]


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
