"""Emails in the one form in which they are claimed, whatever their case, script or composition."""

from __future__ import annotations

import re
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

from panzoto.errors import InvalidRequest

# Addresses as most are: no rule but that of their domain says more of them. Others are looked at whole.
ORDINARY = re.compile(r"([a-z0-9]+(?:[._+-][a-z0-9]+)*)@([a-z0-9.-]{1,100})", re.ASCII)
LONGEST_LOCAL = 64
DOMAINS = 4096
# More than any address may have, and little enough to be looked at.
LONGEST = 320


def normal_email(given: str) -> str:
    """The form that is claimed: composed, in small letters, the domain as Unicode. What is no email is refused."""
    ordinary = ORDINARY.fullmatch(given)
    if ordinary and len(ordinary[1]) <= LONGEST_LOCAL and "xn--" not in ordinary[2]:
        return f"{ordinary[1]}@{_domain(ordinary[2])}"
    return _looked_at(given)


@lru_cache(DOMAINS)
def _domain(given: str) -> str:
    """The domain of an ordinary address: many have the same one."""
    return _looked_at(f"a@{given}").removeprefix("a@")


def _looked_at(given: str) -> str:
    """The form of any address."""
    try:
        found = validate_email(given[:LONGEST].strip(), check_deliverability=False, strict=True)
    except EmailNotValidError:
        detail = {"field": "email", "problem": "is not an email address"}
        raise InvalidRequest("The request is not valid: email is not an email address.", details=[detail]) from None
    # lower(), not casefold(): that makes ss of ß, and so another's domain or mailbox of one's own
    return f"{found.local_part.lower()}@{found.domain}"


def maybe_email(given: str | None) -> str | None:
    """The same of what somebody else calls an email; None for what is none."""
    try:
        return normal_email(given) if given else None
    except InvalidRequest:
        return None
