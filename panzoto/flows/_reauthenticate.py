"""Proof that it is still the owner who holds the phone."""

from __future__ import annotations

from datetime import datetime

from panzoto.deps import Deps
from panzoto.errors import Overloaded, RecentSignInNeeded, WrongPassword

from ._audit import record
from .authenticate import Caller, require_recent
from .client import Client


def reauthenticate(deps: Deps, caller: Caller, password: str | None, client: Client, now: datetime) -> None:
    """Check the password; without one, or for people who have none, the sign-in must be recent."""
    if password is None or caller.user.password_hash is None:
        require_recent(caller, now, deps.config.recent_sign_in)
        return
    check_password(deps, caller, password, client, now)


def check_password(deps: Deps, caller: Caller, password: str, client: Client, now: datetime) -> None:
    """Check the caller's password; a guess is charged before it is looked at, and forgotten when it was right."""
    user = caller.user
    if user.password_hash is None:
        raise RecentSignInNeeded("This account has no password.")
    guesses = deps.rates.charge("password.account", user.user_id, now)
    try:
        deps.passwords.verify(user.password_hash, password)
    except Overloaded:
        deps.rates.give_back("password.account", user.user_id, now)  # nobody has looked at this guess
        raise
    except WrongPassword:
        record(deps, user.user_id, "password_rejected", client, now)
        raise WrongPassword("Invalid password") from None
    if guesses > 1:
        deps.rates.clear("password.account", user.user_id, now)
