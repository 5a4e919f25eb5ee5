"""Somebody asks for a link to sign in, by mail or by SMS."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from panzoto.crypto.purposes import Issued, Purpose
from panzoto.deps import Deps
from panzoto.errors import AccessDenied, NotApproved
from panzoto.messages.kinds import Kind, LinkRefusedEmail, LinkRefusedSms, MagicLinkEmail, MagicLinkSms
from panzoto.models.one_use_tokens import OneUseToken
from panzoto.models.users import User

from . import _policy
from ._addresses import normal_email
from ._codes import NOT_SENT, charge_sms
from ._mail import send
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
    phone = normal_phone(deps, wish.phone_number or "") if wish.flow == "sms" else None
    if phone is not None:
        charge_sms(deps, phone, now)
    user = _may_sign_in(deps, email, phone, now)
    issued = deps.purposes.issue(PURPOSE)
    token = _token(deps, wish, email, phone, user, issued, client, now)
    deps.one_use_tokens.issue(token)
    try:
        send(deps, _message(deps, wish, token, issued), phone.number if phone else email, client, now)
    except NOT_SENT:
        deps.one_use_tokens.withdraw(token)
        raise
    return token.token_id


def _may_sign_in(deps: Deps, email: str, phone: Phone | None, now: datetime) -> User | None:
    """Who would sign in by that link: somebody new, as a person without sessions; None for whoever may not."""
    claim = deps.emails.find(email)
    user = deps.users.find(claim["user_id"] if claim else NOBODY)
    of_phone = deps.phones.find(phone.number) if phone else None
    person = user or User(user_id=str(uuid.uuid4()), email=email, key_salt=b"", created_at=now)
    try:
        _policy.admit(deps, person if phone else person.with_email_proved(now), now)
    except (AccessDenied, NotApproved):
        return None
    if phone is None:
        return person
    # An SMS proves a phone: it opens the account that has it, and no other.
    has_it = person.phone == phone.number if user else of_phone is None or "user_id" not in of_phone
    return person if has_it else None


def _token(
    deps: Deps,
    wish: Wish,
    email: str,
    phone: Phone | None,
    user: User | None,
    issued: Issued,
    client: Client,
    now: datetime,
) -> OneUseToken:
    details = {"sourceFlow": wish.flow, "dashboardId": wish.dashboard_id}
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
        refused=user is None,
    )


def _message(deps: Deps, wish: Wish, token: OneUseToken, issued: Issued) -> Kind:
    if token.refused:
        return LinkRefusedSms() if wish.flow == "sms" else LinkRefusedEmail()
    link = f"{deps.config.public_url}/m/{issued.text}"
    minutes = int(deps.config.magic_link_expiry.total_seconds() // 60)
    if wish.flow == "sms":
        return MagicLinkSms(link=link, minutes=minutes)
    return MagicLinkEmail(link=link, minutes=minutes, code=deps.codes.of_link(issued.text))
