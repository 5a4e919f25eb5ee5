"""Who acts for the service: an administrator, or a supporter, who looks and ends sessions and does nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from panzoto.deps import Deps
from panzoto.errors import AccessDenied, RecentSignInNeeded
from panzoto.flows.client import Client
from panzoto.models.user import ADMIN, SUPPORT, User


@dataclass(frozen=True)
class Staff:
    """Somebody whose role was looked at: `person` as they were then, None for an operator.

    `actor` is the id that audit events have, `name` what people read.
    """

    actor: str
    name: str
    client: Client
    person: User | None = field(repr=False)

    @property
    def is_admin(self) -> bool:
        """Whether they may do more than look and end sessions."""
        return isinstance(self, Admin)


@dataclass(frozen=True)
class Admin(Staff):
    """Somebody who may change things: acts ask for one, so that none is done for a supporter."""


def staff_of(deps: Deps, user: User, signed_in_at: datetime, client: Client) -> Staff:
    """The person as an administrator or a supporter; raises for anybody else, and for a sign-in of long ago."""
    if not user.roles & {ADMIN, SUPPORT}:
        raise AccessDenied("This is for administrators and supporters.")
    _check_age(deps, signed_in_at)
    kind = Admin if ADMIN in user.roles else Staff
    return kind(user.user_id, user.email or user.user_id, client, user)


def admin_of(deps: Deps, user: User, signed_in_at: datetime, client: Client) -> Admin:
    """The person as an administrator; raises for a supporter too."""
    if ADMIN not in user.roles:
        raise AccessDenied("This is for administrators.")
    _check_age(deps, signed_in_at)
    return Admin(user.user_id, user.email or user.user_id, client, user)


def operator(name: str) -> Admin:
    """Whoever is at work on the machine itself, where commands are run."""
    return Admin(f"operator:{name}", name, Client("", "", "en"), None)


def _check_age(deps: Deps, signed_in_at: datetime) -> None:
    if deps.clock() - signed_in_at > deps.config.admin_max_age:
        raise RecentSignInNeeded("This asks for a sign-in that is not so long ago. Please sign in again.")
