"""The fuzzing as a harness of `make proof`: every documented operation as nobody, somebody and an administrator."""

from __future__ import annotations

from panzoto import create_app
from panzoto.deps import build
from tests.accounts.conftest import QUICK
from tests.fuzz.api import ROLES, SETTINGS, fuzz
from tests.fuzz.chains import walked
from tests.proof.harness import Figures, Place, Size
from tests.support.furnishing import furnish

TITLE = "Requests that the OpenAPI document allows, and many that it does not"


def prove(place: Place, size: Size) -> Figures:
    """Send them, and hold every answer against the document."""
    config = place.config(**QUICK, **SETTINGS)
    furnish(config)
    deps = build(config)
    figures = Figures()
    for walk in walked(create_app(config, deps), deps):
        figures.add({"requests sent": walk.sent, "answers checked": walk.sent, "requests in chains": walk.sent})
        figures.violations += walk.violations
    for role in ROLES if size is Size.FULL else ["admin"]:
        found = fuzz(create_app(config, deps), deps, role, examples=size.of(1, 15), coverage=size is Size.FULL)
        figures.add({"requests sent": found.sent, "answers checked": found.checked, "requests by links": found.linked})
        figures.violations += [f"{role}: {each}" for each in sorted(found.violations)]
    return figures
