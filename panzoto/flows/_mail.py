"""How flows send mail: what must arrive for the flow to be worth anything, and what is told besides."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from panzoto.deps import Deps
from panzoto.errors import Overloaded
from panzoto.later import Job
from panzoto.messages.kinds import (
    IdentityChanged,
    Kind,
    PasswordChanged,
    PhoneChanged,
    PhoneChangedSms,
    RecoveryKeyReplaced,
)
from panzoto.models.user import User

from .client import Client

log = structlog.get_logger()


def send(deps: Deps, kind: Kind, to: str, client: Client, now: datetime) -> None:
    """Send a mail; raises when it cannot be sent."""
    deps.post.send(deps.messages.render(kind, to=to, language=client.language), now)


def minutes(lifetime: timedelta) -> int:
    """How long something works, as people are told: one at least."""
    return max(1, int(lifetime.total_seconds() // 60))


def afterwards(deps: Deps, what: str, job: Job) -> None:
    """Do after the answer what is not worth failing an act that is done."""
    try:
        deps.later.do(what, job)
    except Overloaded:
        log.warning("not_done_afterwards", job=what)


def notify_of_new_password(deps: Deps, to: str | None, client: Client, now: datetime) -> None:
    """Tell the owner of an account that its password is another one now."""
    if to is not None:
        notify(deps, PasswordChanged(when=now, **client.seen), to, client, now)


def notify_of_recovery_key(deps: Deps, to: str | None, client: Client, now: datetime) -> None:
    """Tell the owner of an account that the recovery key of before opens nothing any more."""
    if to is not None:
        notify(deps, RecoveryKeyReplaced(when=now, **client.seen), to, client, now)


def notify_of_new_phone(deps: Deps, user: User, phone: str | None, client: Client, now: datetime) -> None:
    """Tell the owner of an account that its phone is another one now: by mail, or by SMS to the phone it had."""
    if user.email is not None:
        notify(deps, PhoneChanged(old=user.phone, new=phone, when=now, **client.seen), user.email, client, now)
    elif user.phone is not None:
        notify(deps, PhoneChangedSms(), user.phone, client, now)


def notify_of_identity(deps: Deps, user: User, provider: str, client: Client, now: datetime, *, linked: bool) -> None:
    """Tell the owner of an account that another provider signs in to it now, or does not any more."""
    if user.email is not None:
        changed = IdentityChanged(provider=provider, linked=linked, when=now, **client.seen)
        notify(deps, changed, user.email, client, now)


def notify(deps: Deps, kind: Kind, to: str, client: Client, now: datetime) -> None:
    """Tell somebody, after the answer, what has happened already: a mail that is not sent takes nothing of it back."""
    afterwards(deps, kind.name(), lambda: send(deps, kind, to, client, now))
