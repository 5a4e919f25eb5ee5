"""The link by which somebody sets a new password."""

from __future__ import annotations

from datetime import datetime

from panzoto.crypto.purposes import Purpose
from panzoto.deps import Deps
from panzoto.messages.kinds import ResetPassword
from panzoto.models.store.transaction import Member, transact
from panzoto.models.user import User

from . import _one_use
from ._mail import minutes, send
from .client import Client

PURPOSE = Purpose.PASSWORD_RESET


def send_link(deps: Deps, user: User, email: str, client: Client, now: datetime, recorded: Member) -> None:
    """Send it to the account's email; nobody but its owner sees it. It is on record whether or not the mail arrives."""
    deps.rates.charge("forgot.account", user.user_id, now)
    lifetime = deps.config.password_reset_expiry
    text, token = _one_use.new(deps, PURPOSE, user, email, lifetime, client, now)
    transact(deps.gateway, deps.one_use_tokens.issuing(token), recorded)
    link = f"{deps.config.public_url}/reset/{text}"
    send(deps, ResetPassword(link=link, minutes=minutes(lifetime)), email, client, now)
