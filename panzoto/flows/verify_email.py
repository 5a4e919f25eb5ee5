"""Somebody proves that an email is theirs, or changes to another."""

from __future__ import annotations

from typing import Any

from panzoto.deps import Deps
from panzoto.errors import LinkInvalid
from panzoto.messages.kinds import EmailChanged
from panzoto.models.store.expressions import Attr, Condition
from panzoto.models.store.transaction import Member, transact
from panzoto.models.times import seconds
from panzoto.models.user import User
from panzoto.models.user_conditions import email_is, epoch_is

from . import _one_use
from ._audit import recording
from ._email_verification import PURPOSE, send_verification
from ._mail import notify
from ._policy import check_email
from ._sessions import clear_sessions
from .authenticate import Caller
from .client import Client


def ask_again(deps: Deps, caller: Caller, client: Client) -> None:
    """Send another link to the email of the account, unless it is verified already."""
    now = deps.clock()
    user = caller.user
    if user.email is None or user.email_verified_at is not None:
        return
    deps.rates.charge("email.account", user.user_id, now)
    send_verification(deps, user, user.email, client, now)


def verify_email(deps: Deps, text: str, client: Client) -> None:
    """Spend a link.

    Commit point: one transaction of the token, the person, and both claims when the email is new. A link that was sent
    before the sessions were ended is refused. Where people need approval, a session that began with the approval of one
    email does not go on with another's: a new email ends them.
    """
    now = deps.clock()
    token = _one_use.look_at(deps, PURPOSE, text, now)
    user = deps.users.find(token.user_id)
    if user is None or not user.may_sign_in or user.epoch != token.epoch:
        raise LinkInvalid
    check_email(deps, token.email, now)
    changes: dict[str, Any] = {"email": token.email, "email_verified_at": seconds(now), "must_verify": None}
    is_new = token.email != user.email
    if is_new:  # or another that was asked for meanwhile would be lost
        changes["pending_email"] = None
    ends_sessions = deps.config.needs_approval and is_new
    if ends_sessions:
        changes |= {"session_epoch": user.epoch + 1, "sessions_ended_at": seconds(now)}
    changing = deps.users.changing(user, now, changes, when=_unchanged(user, token.email), otherwise=LinkInvalid)
    recorded = recording(deps, user.user_id, "email_changed" if is_new else "email_verified", client, now)
    claims = _claims(deps, user, token.email)
    transact(deps.gateway, deps.one_use_tokens.spending(token, now), changing, *claims, recorded)
    if user.email and is_new:
        notify(deps, EmailChanged(old=user.email, new=token.email, when=now, **client.seen), user.email, client, now)
    if ends_sessions:
        clear_sessions(deps, user.user_id, user.epoch + 1)


def _unchanged(user: User, email: str) -> Condition:
    """That the person is as they were read, and that a new email is the one that was asked for last.

    A deletion raises the epoch: it must not miss a claim that is made meanwhile.
    """
    same = email_is(user) & epoch_is(user)
    return same if email == user.email else same & Attr("pending_email").eq(email)


def _claims(deps: Deps, user: User, email: str) -> list[Member]:
    """What happens to the claims of emails: nothing, where the email is the person's already."""
    if email == user.email:
        return []
    released = [deps.emails.releasing(user.email, user.user_id)] if user.email else []
    return [deps.emails.claiming(email, user.user_id), *released]
