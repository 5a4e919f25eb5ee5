"""A provider for the people of a load: whoever they are there is in the code that they show, and in every token."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from tests.oauth.hostile import Handler, Hostile, hostile

# So soon that everybody who asks for a token has it refreshed.
SECONDS = 60


@contextmanager
def provider() -> Iterator[Hostile]:
    """The provider, until the block ends."""
    with hostile() as told:
        told.answers["/token"] = issue
        yield told


def issue(handler: Handler) -> None:
    """Tokens of whoever has shown a code, or a refresh token."""
    subject = (handler.form.get("code") or handler.form["refresh_token"]).partition(".")[0]
    made = {name: f"{subject}.{secrets.token_urlsafe(16)}" for name in ("access_token", "refresh_token")}
    more = {"token_type": "Bearer", "expires_in": SECONDS, "id_token": handler.told.id_token(sub=subject)}
    handler.say(200, json.dumps({**made, **more}).encode())
