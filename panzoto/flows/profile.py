"""Somebody changes what we know of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from panzoto.deps import Deps
from panzoto.errors import Conflict, EmailTaken
from panzoto.models.store.transaction import Member, transact
from panzoto.models.user import User
from panzoto.models.user_conditions import epoch_is

from ._addresses import normal_email
from ._audit import recording
from ._email_verification import charge_mailbox, send_verification
from ._policy import check_email
from ._reauthenticate import reauthenticate
from .authenticate import Caller
from .client import Client

# An attribute, what it becomes, and the event that tells it.
Change = tuple[str, str | None, Member]


@dataclass(frozen=True)
class Changed:
    """The person now, and the email that waits for its verification."""

    user: User
    pending_email: str | None = None


def change_profile(
    deps: Deps,
    caller: Caller,
    client: Client,
    *,
    name: str | None = None,
    email: str | None = None,
    current_password: str | None = None,
) -> Changed:
    """Change the name at once; change the email when the link that is sent to the new one is followed.

    Commit point: one transaction of the person and the events, while the sessions are those that the caller's is one
    of: a link that is sent works by the epoch of the person, which must not be a newer one. A crash after it costs the
    link. A new email asks for the password, or for a sign-in that is not long ago.
    """
    now, user, pending = deps.clock(), caller.user, None
    changes = list[Change]()
    if email is not None and normal_email(email) != user.email:
        reauthenticate(deps, caller, current_password, client, now)
        pending = _free(deps, user, normal_email(email), client, now)
        asked = recording(deps, user.user_id, "email_change_asked", client, now)
        changes.append(("pending_email", pending, asked))
    if name is not None:
        changes.append(("name", name or None, recording(deps, user.user_id, "profile_changed", client, now)))
    _keep(deps, user, changes, now)
    if pending:
        send_verification(deps, user, pending, client, now)  # as they were: what has ended since ends the link
    return Changed(deps.users.find(user.user_id) or user, pending)


def _keep(deps: Deps, user: User, changes: list[Change], now: datetime) -> None:
    """Make changes, each with its event."""
    new = {name: value for name, value, _ in changes}
    if new:
        changing = deps.users.changing(user, now, new, when=epoch_is(user), otherwise=Conflict)
        transact(deps.gateway, changing, *(recorded for _, _, recorded in changes))


def _free(deps: Deps, user: User, email: str, client: Client, now: datetime) -> str:
    """An email that somebody may change to; raises for one that is another's, unless that is to be told to nobody."""
    deps.rates.charge("email.account", user.user_id, now)
    check_email(deps, email, now)
    if not deps.config.prevent_enumeration and deps.emails.find(email) is not None:
        raise EmailTaken
    charge_mailbox(deps, email, client, now)
    return email
