"""Parts of addresses that Flask has no name for."""

from __future__ import annotations

from werkzeug.routing import BaseConverter


class Email(BaseConverter):
    """An email, or what somebody takes for one; it may have slashes, at the beginning and on end, too."""

    regex = ".+?"
    weight = 200  # as that of `path`: whatever is known by more of an address comes first
    part_isolating = False
