"""Phone numbers in the one form in which they are claimed (E.164), as strictly as is configured."""

from __future__ import annotations

import re
from dataclasses import dataclass

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, PhoneNumberType

from panzoto.deps import Deps
from panzoto.errors import CountryNotServed, InvalidRequest

# A plus, digits, and what people write between them.
WRITTEN = re.compile(r"\+[0-9 ().\-/\u00a0]{6,40}")
E164 = re.compile(r"\+[1-9][0-9]{6,14}")
MOBILE = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})


@dataclass(frozen=True)
class Phone:
    """A number, and the country that it is of; None where the number belongs to no country."""

    number: str
    country: str | None


def normal_phone(deps: Deps, given: str) -> Phone:
    """The number in the form in which it is claimed. What is none, or none that gets an SMS here, is refused."""
    parsed, number = _normal(given)
    if not _strict_enough(parsed, deps.config.phone_numbers):
        raise _no_phone()
    country = phonenumbers.region_code_for_country_code(parsed.country_code or 0)
    exact = phonenumbers.region_code_for_number(parsed) or country  # several countries share a code
    if deps.config.sms_countries and exact not in deps.config.sms_countries:
        raise CountryNotServed
    return Phone(number, exact)


def gets_codes(deps: Deps, number: str) -> bool:
    """Whether somebody's phone gets an SMS here, as it did once."""
    try:
        normal_phone(deps, number)
    except (InvalidRequest, CountryNotServed):
        return False
    return deps.config.sms_sender != "none"


def claimed_form(given: str) -> str:
    """The number in the form in which it is claimed, whether it gets an SMS here or not."""
    return _normal(given)[1]


def _normal(given: str) -> tuple[PhoneNumber, str]:
    written = given.strip()
    if not WRITTEN.fullmatch(written):
        raise _no_phone()
    parsed, number = _read(written)
    is_stable = _read(number)[1] == number  # or one phone had two claims: a zero too many is taken away one by one
    if not is_stable or not E164.fullmatch(number):
        raise _no_phone()
    return parsed, number


def _read(written: str) -> tuple[PhoneNumber, str]:
    try:
        parsed = phonenumbers.parse(written)
    except NumberParseException:
        raise _no_phone() from None
    return parsed, phonenumbers.format_number(parsed, PhoneNumberFormat.E164)


def _strict_enough(parsed: PhoneNumber, wanted: str) -> bool:
    if wanted == "possible":
        return phonenumbers.is_possible_number(parsed)
    if wanted == "valid":
        return phonenumbers.is_valid_number(parsed)
    if wanted == "mobile":
        return phonenumbers.is_valid_number(parsed) and phonenumbers.number_type(parsed) in MOBILE
    return True


def _no_phone() -> InvalidRequest:
    detail = {"field": "phone_number", "problem": "is not a phone number such as +14155552671"}
    return InvalidRequest(f"The request is not valid: phone_number {detail['problem']}.", details=[detail])
