"""Somebody asks for a link to sign in, by mail or by SMS."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from panzoto.crypto.purposes import Issued, Purpose
from panzoto.deps import Deps
from panzoto.errors import NotApproved
from panzoto.messages.kinds import Kind, LinkRefusedEmail, LinkRefusedSms, MagicLinkEmail, MagicLinkSms
from panzoto.models.one_use_tokens import OneUseToken
from panzoto.models.user import User

from . import _policy
from ._addresses import normal_email
from ._codes import NOT_SENT, charged_sms
from ._mail import minutes, send
from ._phones import Phone, normal_phone
from .client import Client

PURPOSE = Purpose.MAGIC_LINK
NOBODY = "nobody"
Flow = Literal["email", "sms"]


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What somebody asks for: a link to a mailbox, or to the phone of the account that has that email."""

    email: str
    flow: Flow = "email"
    phone_number: str | None = None
    device_id: str | None = None
    dashboard_id: str | None = None


@dataclass(frozen=True)
class _Named:
    """Whom a wish names: somebody we know or nobody yet, and whether a link may sign them in."""

    user: User | None
    welcome: bool


def ask_for_link(deps: Deps, wish: Wish, client: Client) -> str:
    """Send one message, whoever asks for whomever; the id by which the code in the mail can be used.

    Known, new and refused people take the same reads, writes, hashing and one message, so that neither the answer nor
    its time nor its failure tells who is who: whoever may not sign in is told so where nobody else reads it. The token
    is kept before it is sent, and deleted when it cannot be; a crash between leaves a link that nobody has.
    """
    now = deps.clock()
    email = normal_email(wish.email)
    deps.rates.charge("link.address", client.network, now)
    deps.rates.charge("link.account", email, now)
    if wish.flow == "email":
        return _send(deps, wish, email, None, client, now)
    phone = normal_phone(deps, wish.phone_number or "")
    with charged_sms(deps, phone, client, now):
        return _send(deps, wish, email, phone, client, now)


def _send(deps: Deps, wish: Wish, email: str, phone: Phone | None, client: Client, now: datetime) -> str:
    """Send it, whatever it is; the id of the token."""
    named = _named(deps, email, phone, now)
    issued = deps.purposes.issue(PURPOSE)
    token = _token(deps, wish, email, phone, named, issued, client, now)
    deps.one_use_tokens.issue(token)
    try:
        send(deps, _message(deps, wish, token, issued), phone.number if phone else email, client, now)
    except NOT_SENT:
        deps.one_use_tokens.withdraw(token)
        raise
    return token.token_id


def _named(deps: Deps, email: str, phone: Phone | None, now: datetime) -> _Named:
    """Whom that names. All is read before anything is decided, so that a refusal takes what a link takes."""
    claim = deps.emails.find(email)
    of_phone = deps.phones.find(phone.number) if phone else None
    holder = of_phone if phone else claim
    user_id = holder.get("user_id") if holder else None
    user = deps.users.find(user_id or NOBODY)
    is_approved = _is_approved(deps, email, now)
    if user is None:
        is_free = user_id is None and (phone is None or claim is None)  # whoever is being deleted still has a claim
        return _Named(None, welcome=is_free and is_approved and not (phone and deps.config.needs_approval))
    welcome = user.may_sign_in and is_approved
    if phone:
        # An SMS proves a phone: it opens the account that has it, and only for who knows which email goes with it.
        is_proved = user.email_verified_at is not None or not deps.config.needs_approval
        welcome &= is_proved and email in (user.email, None if user.email or claim else user.pending_email)
    return _Named(user, welcome)


def _is_approved(deps: Deps, email: str, now: datetime) -> bool:
    try:
        _policy.check_email(deps, email, now)
    except NotApproved:
        return False
    return True


def _token(
    deps: Deps,
    wish: Wish,
    email: str,
    phone: Phone | None,
    named: _Named,
    issued: Issued,
    client: Client,
    now: datetime,
) -> OneUseToken:
    details = {"sourceFlow": wish.flow, "dashboardId": wish.dashboard_id}
    user = named.user if named.welcome else None
    return OneUseToken(
        token_id=issued.token_id,
        purpose=PURPOSE,
        digest=issued.secret_digest,
        user_id=user.user_id if user else str(uuid.uuid4()),  # one name for all would be a hot key of the index
        email=email,
        phone=phone.number if phone else None,
        epoch=user.epoch if user else 0,
        device_id=wish.device_id,
        code_hash=deps.codes.hash(issued.token_id, deps.codes.of_link(issued.text)),
        created_at=now,
        expires_at=now + deps.config.magic_link_expiry,
        address=client.address,
        user_agent=client.user_agent,
        details={name: value for name, value in details.items() if value is not None},
        is_new=named.welcome and user is None,
        used=not named.welcome,
    )


def _message(deps: Deps, wish: Wish, token: OneUseToken, issued: Issued) -> Kind:
    if token.used:
        return LinkRefusedSms() if wish.flow == "sms" else LinkRefusedEmail()
    link = f"{deps.config.public_url}/m/{issued.text}"
    lasting = minutes(deps.config.magic_link_expiry)
    if wish.flow == "sms":
        return MagicLinkSms(link=link, minutes=lasting)
    return MagicLinkEmail(link=link, minutes=lasting, code=deps.codes.of_link(issued.text))
