"""Emails in the one form in which they are claimed, whatever their case, script or composition."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email

from panzoto.errors import InvalidRequest

# More than any address may have, and little enough to be looked at.
LONGEST = 320


def normal_email(given: str) -> str:
    """The form that is claimed: composed, in small letters, the domain as Unicode. What is no email is refused."""
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
