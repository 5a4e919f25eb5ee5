"""The fuzzing as a harness of `make proof`: every documented operation as nobody, somebody and an administrator."""

from __future__ import annotations

from panzoto import create_app
from panzoto.deps import build
from panzoto.local.preparing import make_key
from tests.accounts.conftest import QUICK
from tests.fuzz.api import ROLES, SETTINGS, fuzz
from tests.proof.harness import Figures, Place, Size
from tests.support import tables

TITLE = "Requests that the OpenAPI document allows, and many that it does not"


def prove(place: Place, size: Size) -> Figures:
    """Send them, and hold every answer against the document."""
    config = place.config(**QUICK, **SETTINGS)
    deps = build(config)
    tables.create_all(deps.clients.dynamodb(), config)
    deps.clients.s3().create_bucket(Bucket=config.s3_bucket)
    for key in (config.audio_kms_key, config.oauth_kms_key):
        make_key(deps.clients.kms(), key, "proof")
    deps.clients.ses().verify_email_identity(EmailAddress="panzoto@localhost.localdomain")
    figures = Figures()
    for role in ROLES if size is Size.FULL else ["admin"]:
        found = fuzz(create_app(config, deps), deps, role, examples=size.of(1, 15), coverage=size is Size.FULL)
        figures.add({"requests sent": found.sent, "answers checked": found.checked, "requests by links": found.linked})
        figures.violations += [f"{role}: {each}" for each in sorted(found.violations)]
    return figures
