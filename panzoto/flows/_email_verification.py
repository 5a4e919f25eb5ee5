"""The mail that proves that an email is its owner's."""

from __future__ import annotations

from datetime import datetime

from panzoto.crypto.purposes import Purpose
from panzoto.deps import Deps
from panzoto.messages.kinds import VerifyEmail
from panzoto.models.users import User

from . import _one_use
from ._mail import minutes, notify
from .client import Client

PURPOSE = Purpose.EMAIL_VERIFICATION


def send_verification(deps: Deps, user: User, email: str, client: Client, now: datetime) -> None:
    """Send a link that verifies an email. If it cannot be sent now, it can be asked for again."""
    lifetime = deps.config.email_verification_expiry
    text = _one_use.issue(deps, PURPOSE, user, email, lifetime, client, now)
    link = f"{deps.config.public_url}/verify/{text}"
    notify(deps, VerifyEmail(link=link, minutes=minutes(lifetime)), email, client, now)
