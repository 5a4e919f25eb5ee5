"""How the console says things: amounts, programs, what happened, and the steps of a sign-in elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from panzoto.flows.admin.audit import Event

KILO = 1000
UNITS = ("B", "kB", "MB", "GB", "TB")
METHODS = {"pwd": "Password", "password": "Password", "otp": "Phone code", "phone": "Phone code"}
LINKS = {"link": "Email link", "email": "Email link", "sms": "SMS link"}
ACTIONS = {
    "sign_in": "Signed in",
    "sign_in_failed": "Could not sign in",
    "signed_out": "Signed out",
    "signed_out_everywhere": "Was signed out everywhere",
    "session_ended": "A session was ended",
    "registered": "Made the account",
    "code_rejected": "Typed a wrong code",
    "email_verified": "Confirmed the email",
    "email_changed": "Changed the email",
    "email_change_asked": "Asked for another email",
    "password_changed": "Changed the password",
    "password_rejected": "Typed a wrong password",
    "password_reset": "Set a new password",
    "reset_asked": "Asked for a new password",
    "reset_sent": "Was sent a link for a new password",
    "approval_given": "Was approved",
    "approval_ended": "The approval was ended",
    "disabled": "The account was disabled",
    "enabled": "The account was enabled",
    "role_granted": "Was given a role",
    "role_revoked": "Lost a role",
    "adopted": "The email was claimed for the account",
    "identity_linked": "Linked a provider",
    "identity_unlinked": "Unlinked a provider",
    "provider_disconnected": "Disconnected a provider",
}
WRONG = frozenset({"sign_in_failed", "code_rejected", "password_rejected", "audio_decrypt_refused"})
AGENTS = {
    "edg": "Edge",
    "firefox": "Firefox",
    "chrome": "Chrome",
    "safari": "Safari",
    "okhttp": "The app",
    "curl": "curl",
}
SYSTEMS = {"Android": "Android", "iPhone": "iPhone", "Windows": "Windows", "Mac OS X": "macOS", "Linux": "Linux"}
# Between whom each step goes: 0 the person, 1 Panzoto, 2 the provider.
STEPS: dict[str, tuple[int, int, str]] = {
    "started": (0, 1, "Asks to sign in"),
    "redirected": (1, 2, "Is sent to the provider"),
    "returned": (2, 1, "Comes back from the provider"),
    "token_received": (2, 1, "The provider says who it is"),
    "handed_to_app": (1, 0, "The app gets a code that works once"),
    "handed_over": (0, 1, "The app brings that code"),
    "signed_in": (1, 0, "Is signed in"),
    "sealed": (1, 1, "The tokens are sealed in the vault"),
    "linked": (1, 0, "The identity is linked to the account"),
    "unlinked": (1, 0, "The identity is unlinked"),
    "reconnected": (1, 1, "The connection works again"),
    "refreshed": (2, 1, "The provider gives a fresh token"),
    "revoked": (1, 2, "The grant is ended at the provider"),
    "disconnected": (1, 1, "The tokens are erased"),
    "denied": (2, 0, "The person said no"),
    "failed": (1, 0, "It did not work"),
}


def number(amount: float | Decimal) -> str:
    """An amount as people read it."""
    return f"{amount:,.0f}" if amount == int(amount) or amount >= KILO else f"{amount:,.1f}"


def size(amount: float | Decimal) -> str:
    """So many bytes."""
    value, unit = float(amount), 0
    while value >= KILO and unit < len(UNITS) - 1:
        value, unit = value / KILO, unit + 1
    return f"{value:.1f}".removesuffix(".0") + f" {UNITS[unit]}"


def dollars(amount: float | Decimal) -> str:
    """Money; small amounts keep the digits that say something."""
    value = Decimal(amount)
    if not value:
        return "$0"
    digits = max(2, 1 - value.adjusted())
    return f"${value:,.{digits}f}"


def method(name: str) -> str:
    """A way in."""
    known = METHODS.get(name) or LINKS.get(name)
    return known or name.removeprefix("oauth:").replace("_", " ").capitalize()


def happened(event: Event) -> str:
    """What happened, in a few words."""
    said = ACTIONS.get(event.action) or event.action.replace("_", " ").capitalize()
    by = event.details.get("by")
    if event.action in {"sign_in", "sign_in_failed", "code_rejected"} and isinstance(by, str):
        return f"{said} ({method(by)})"
    provider = event.details.get("provider")
    return f"{said}: {provider}" if provider else said


def is_wrong(action: str) -> bool:
    """Whether it is something that somebody looks for who helps."""
    return action in WRONG


def facts(details: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The details of an event, flat, before and after beside each other."""
    before, after = details.get("before"), details.get("after")
    rest = {name: value for name, value in details.items() if name not in {"before", "after"}}
    found = [(name.replace("_", " "), plain(value)) for name, value in rest.items()]
    sides = [each if isinstance(each, Mapping) else {} for each in (before, after)]
    for name in dict.fromkeys((*sides[0], *sides[1])):
        was, now = (plain(side.get(name)) for side in sides)
        found.append((name.replace("_", " "), was if was == now else f"{was} → {now}"))
    return found


def plain(value: Any) -> str:
    """A value of a detail."""
    if value is None or value in ("", [], {}):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {plain(each)}" for name, each in value.items())
    return ", ".join(map(plain, value)) if isinstance(value, list | tuple | set | frozenset) else str(value)


def agent(text: str) -> str:
    """The program that somebody uses, short."""
    name = next((said for sign, said in AGENTS.items() if sign in text.lower()), "")
    system = next((said for sign, said in SYSTEMS.items() if sign in text), "")
    return " on ".join(filter(None, (name, system))) or text[:40] or "unknown program"


def step(name: str) -> tuple[int, int, str]:
    """Between whom a step of OAuth goes, and what it is."""
    return STEPS.get(name) or (1, 1, name.replace("_", " ").capitalize())


def after(first: datetime, at: datetime) -> str:
    """How long after the first step another came."""
    seconds = (at - first).total_seconds()
    return f"+{seconds:.1f} s" if seconds < 60 else f"+{seconds / 60:.0f} min"  # noqa: PLR2004 (a minute)


def clock(at: datetime) -> str:
    """A time in UTC, as it stands where no script shows the viewer's own."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
