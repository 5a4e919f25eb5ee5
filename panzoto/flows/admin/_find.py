"""The person whom an act is about."""

from __future__ import annotations

from panzoto.deps import Deps
from panzoto.errors import NotFound
from panzoto.models.user import User


def person(deps: Deps, user_id: str) -> User:
    """The person with that id, who is not being deleted."""
    user = deps.users.find(user_id)
    if user is None or user.deleting_at is not None:
        raise NotFound("There is nobody with that id.")
    return user
