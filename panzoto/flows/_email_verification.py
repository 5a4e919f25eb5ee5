"""The mail that proves that an email is its owner's."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from panzoto.crypto.purposes import Purpose
from panzoto.deps import Deps
from panzoto.errors import RateLimited
from panzoto.messages.kinds import VerifyEmail
from panzoto.models.auth_state.rates import Part
from panzoto.models.user import User

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


def charge_mailbox(deps: Deps, email: str, client: Client, now: datetime) -> None:
    """Charge a mail to an email that may be any stranger's: to the mailbox, and to its part for one network.

    What accounts have sent to it is limited for all of them together, or many would fill it; what one network may bring
    about is less, or its accounts would keep the owner from it.
    """
    deps.rates.charge("email.mailbox", email, now, Part.of("email.network", client.network))


def send_if_few(deps: Deps, user: User, email: str, client: Client, now: datetime) -> None:
    """The same to an email that a provider says of somebody and has not verified: it may be any stranger's.

    Where its mailbox has had many none is sent, and the sign-in goes on; `PATCH me` asks for one later.
    """
    with suppress(RateLimited):
        charge_mailbox(deps, email, client, now)
        send_verification(deps, user, email, client, now)
