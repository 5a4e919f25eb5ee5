"""The first administrator."""

from __future__ import annotations

import pytest

from panzoto.deps import Deps
from panzoto.errors import EmailTaken
from panzoto.flows.first_admin import first_admin


def test_makes_an_administrator_with_a_claimed_email(deps: Deps) -> None:
    """The person is there, is an administrator, and the email is theirs."""
    admin = first_admin(deps, "first@example.com", "a password of some length")
    assert deps.users.find(admin.user_id) == admin
    assert "admin" in admin.roles


def test_refuses_an_email_that_somebody_has(deps: Deps) -> None:
    """A second administrator with the same email is refused."""
    first_admin(deps, "first@example.com", "a password of some length")
    with pytest.raises(EmailTaken):
        first_admin(deps, "first@example.com", "a password of some length")
