"""Proof that it is still the owner who holds the phone."""

from __future__ import annotations

from datetime import datetime

from panzoto.deps import Deps
from panzoto.errors import Overloaded, RecentSignInNeeded, WrongPassword

from ._audit import record
from .authenticate import Caller, require_recent
from .client import Client


def reauthenticate(deps: Deps, caller: Caller, password: str | None, client: Client, now: datetime) -> None:
    """Check the password, if it is given; otherwise the sign-in must be recent."""
    if password is None:
        require_recent(caller, now, deps.config.recent_sign_in)
    else:
        check_password(deps, caller, password, client, now)


def check_password(deps: Deps, caller: Caller, password: str | None, client: Client, now: datetime) -> None:
    """Check the caller's password; for somebody who has none, the sign-in must be recent.

    A guess is charged before it is looked at, and forgotten when it was right.
    """
    user = caller.user
    if user.password_hash is None:
        require_recent(caller, now, deps.config.recent_sign_in)
        return
    if password is None:
        raise RecentSignInNeeded("This asks for current_password.")
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
