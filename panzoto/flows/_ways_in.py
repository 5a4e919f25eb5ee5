"""By what somebody can sign in: whoever takes one of these away must leave another."""

from __future__ import annotations

from panzoto.deps import Deps
from panzoto.models.user import User

from ._phones import gets_codes

EMAIL, PHONE = "email", "phone"


def ways_in(deps: Deps, user: User) -> frozenset[str]:
    """An email (by a link to it, or with a password), a phone and each provider, as far as the service has the way."""
    found = {each for each in user.identities if each in deps.providers}
    if user.email is not None and (user.email_verified_at is not None or user.password_hash is not None):
        found.add(EMAIL)
    if user.phone is not None and gets_codes(deps, user.phone):
        found.add(PHONE)
    return frozenset(found)
