"""What there is to tell people: one class for each kind of message, with the values that its words need."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any, ClassVar

from .devices import device
from .message import Channel, one_line

LINK = re.compile(r"https?://[!-~]{1,2000}")
HOST = re.compile(r"[a-z0-9.-]{1,253}")
CODE = re.compile(r"[0-9]{4,12}")
PROVIDER = re.compile(r"[a-z][a-z0-9_]{0,30}")


@dataclass(frozen=True, kw_only=True, repr=False)
class Kind:
    """Something to tell. It does not show its values: they are secrets and addresses."""

    channel: ClassVar[Channel] = "email"

    @classmethod
    def name(cls) -> str:
        """The name of its template, of its log lines and of its counters: `VerifyEmail` is `verify_email`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    def values(self) -> Mapping[str, Any]:
        """What its templates may use."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"


@dataclass(frozen=True, kw_only=True, repr=False)
class _Link(Kind):
    """An address that works once, for some minutes."""

    link: str
    minutes: int

    def __post_init__(self) -> None:
        _match(LINK, self.link, "a link")


@dataclass(frozen=True, kw_only=True, repr=False)
class VerifyEmail(_Link):
    """Prove that this address is yours."""


@dataclass(frozen=True, kw_only=True, repr=False)
class ResetPassword(_Link):
    """Choose a new password, because the old one is forgotten."""


@dataclass(frozen=True, kw_only=True, repr=False)
class MagicLinkEmail(_Link):
    """Sign in by a link, or by typing the code that stands for it."""

    code: str

    def __post_init__(self) -> None:
        super().__post_init__()
        _match(CODE, self.code, "a code")


@dataclass(frozen=True, kw_only=True, repr=False)
class LinkRefusedEmail(Kind):
    """Somebody asked for a way in for this address, which may not sign in here."""


@dataclass(frozen=True, kw_only=True, repr=False)
class LinkRefusedSms(Kind):
    """The same for a phone, which does not belong to the account that was named."""

    channel: ClassVar[Channel] = "sms"


@dataclass(frozen=True, kw_only=True, repr=False)
class MagicLinkSms(_Link):
    """Sign in by a link that comes as an SMS."""

    channel: ClassVar[Channel] = "sms"


@dataclass(frozen=True, kw_only=True, repr=False)
class PhoneCode(Kind):
    """A code to type. With `domain`, the phone offers it on that site and on no other."""

    channel: ClassVar[Channel] = "sms"

    code: str
    minutes: int
    domain: str | None = None

    def __post_init__(self) -> None:
        _match(CODE, self.code, "a code")
        if self.domain is not None:
            _match(HOST, self.domain, "a domain")


@dataclass(frozen=True, kw_only=True, repr=False)
class _Event(Kind):
    """Something that happened to the account: when, from which address of the network, by which program."""

    when: datetime
    address: str | None
    user_agent: str | None

    def __post_init__(self) -> None:
        if self.when.tzinfo is None:
            raise ValueError("a time must be aware")

    def values(self) -> Mapping[str, Any]:
        """The event in terms of ours; nothing that a stranger wrote goes out."""
        seen = {"when": self.when.astimezone(UTC), "address": _number(self.address), "device": device(self.user_agent)}
        return {name: value for name, value in super().values().items() if name != "user_agent"} | seen


@dataclass(frozen=True, kw_only=True, repr=False)
class PasswordChanged(_Event):
    """The password is another one now."""


@dataclass(frozen=True, kw_only=True, repr=False)
class RecoveryKeyReplaced(_Event):
    """There is a new recovery key, and the old one opens nothing any more."""


@dataclass(frozen=True, kw_only=True, repr=False)
class NewDevice(_Event):
    """Somebody signed in from a device that was not known."""


@dataclass(frozen=True, kw_only=True, repr=False)
class EmailChanged(_Event):
    """The account has another email now. It goes to the old one; neither is shown in full."""

    old: str
    new: str

    def values(self) -> Mapping[str, Any]:
        """The event, with both emails masked."""
        return {**super().values(), "old": masked(self.old), "new": masked(self.new)}


@dataclass(frozen=True, kw_only=True, repr=False)
class PhoneChanged(_Event):
    """The account has another phone now, or none. Neither number is shown in full."""

    old: str | None
    new: str | None

    def values(self) -> Mapping[str, Any]:
        """The event, with both numbers masked."""
        return {**super().values(), "old": masked_phone(self.old), "new": masked_phone(self.new)}


@dataclass(frozen=True, kw_only=True, repr=False)
class PhoneChangedSms(Kind):
    """The same for somebody without an email; it goes to the phone that the account had."""

    channel: ClassVar[Channel] = "sms"


@dataclass(frozen=True, kw_only=True, repr=False)
class IdentityChanged(_Event):
    """Another provider, by the name that the configuration gives it, signs in to the account now, or not any more."""

    provider: str
    linked: bool

    def __post_init__(self) -> None:
        super().__post_init__()
        _match(PROVIDER, self.provider, "a provider")

    def values(self) -> Mapping[str, Any]:
        """The event, with the name as people write it."""
        return {**super().values(), "provider": self.provider.replace("_", " ").title()}


@dataclass(frozen=True, kw_only=True, repr=False)
class RegistrationAttempt(Kind):
    """Somebody entered this address to register, and it has an account."""


KINDS: tuple[type[Kind], ...] = (
    VerifyEmail,
    ResetPassword,
    PasswordChanged,
    RecoveryKeyReplaced,
    EmailChanged,
    RegistrationAttempt,
    NewDevice,
    PhoneCode,
    MagicLinkEmail,
    MagicLinkSms,
    LinkRefusedEmail,
    LinkRefusedSms,
    PhoneChanged,
    PhoneChangedSms,
    IdentityChanged,
)


def masked(email: str) -> str:
    """An email that its owner knows again and that nobody else learns: `a***@e***.com`."""
    local, _, domain = one_line(email).rpartition("@")
    return f"{local[:1]}***@{domain[:1]}***{''.join(domain.rpartition('.')[1:]) if '.' in domain else ''}"


def masked_phone(number: str | None) -> str | None:
    """A number that its owner knows again and that nobody else learns: `+1***71`."""
    return None if number is None else f"{one_line(number)[:2]}***{one_line(number)[-2:]}"


def _match(pattern: re.Pattern[str], value: str, what: str) -> None:
    """Refuse what we would never make; the value itself is not repeated."""
    if not pattern.fullmatch(value):
        raise ValueError(f"this is not {what} that can be sent")


def _number(address: str | None) -> str | None:
    """The address of the network, if it is one; a zone after % could be any text."""
    try:
        return str(ip_address((address or "").partition("%")[0]))
    except ValueError:
        return None
