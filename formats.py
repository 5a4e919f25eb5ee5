"""The formats of environment variables. What does not fit raises `ValueError`, whose text goes on after "must be"."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import getaddresses
from ipaddress import AddressValueError, IPv4Address, IPv6Address

import idna
from phonenumbers import SUPPORTED_REGIONS

from env import Parse

UNITS = {"ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
LONGEST = timedelta(days=3660)
LAST_PORT = 65535
# Schemes that are a browser's or a phone's own.
TAKEN = {
    *("about", "blob", "content", "data", "file", "ftp", "geo", "http", "https", "intent", "javascript", "mailto"),
    *("market", "sms", "tel", "ws", "wss"),
}
HOST = re.compile(r"((?!-)[A-Za-z0-9-]{1,63}(?<!-)\.)*(?!-)[A-Za-z0-9-]{1,63}(?<!-)\.?")


def text(value: str) -> str:
    """Any text; bytes that are none have come in as lone surrogates."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("text in UTF-8") from None
    return value


def duration(value: str) -> timedelta:
    """A Go duration: `15m`, `168h`, `1h30m`, `500ms`; days (`90d`) too."""
    parts = re.findall(r"(\d{1,9})(ms|s|m|h|d)", value, re.ASCII)
    if not parts or "".join(n + unit for n, unit in parts) != value:
        raise ValueError("a duration such as 15m, 168h or 1h30m")
    lengths = [timedelta(**{UNITS[unit]: int(n)}) for n, unit in parts]
    # each by itself first: a sum of many long ones is more than a timedelta can hold
    if max(lengths) > LONGEST or not timedelta() < (total := sum(lengths, timedelta())) <= LONGEST:
        raise ValueError("a duration of more than nothing and at most ten years")
    return total


def moment(value: str) -> datetime:
    """A day or a time, in UTC unless it says otherwise."""
    try:
        read = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("a day or a time such as 2027-01-31 or 2027-01-31T12:00:00Z") from None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def whole(low: int, high: int) -> Parse[int]:
    """A whole number between two bounds, both allowed."""

    def parse(value: str) -> int:
        if not re.fullmatch(r"\d{1,15}", value, re.ASCII) or not low <= int(value) <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return int(value)

    return parse


def flag(value: str) -> bool:
    """A switch: 1, true, yes, on or 0, false, no, off."""
    lowered = value.lower()
    if lowered in {"1", "true", "yes", "on"}:
        return True
    if lowered in {"0", "false", "no", "off"}:
        return False
    raise ValueError("1 or 0")


def one_of(*choices: str) -> Parse[str]:
    """One of a few words."""

    def parse(value: str) -> str:
        if value.lower() not in choices:
            raise ValueError(" or ".join([", ".join(choices[:-1]), choices[-1]]))
        return value.lower()

    return parse


def listed(parse: Parse[str]) -> Parse[tuple[str, ...]]:
    """Several values between commas; with none at all something was lost, and no list may mean all."""

    def parse_all(value: str) -> tuple[str, ...]:
        return tuple(map(parse, parts(value)))

    return parse_all


def parts(value: str) -> list[str]:
    """What stands between commas: something, where anything was given."""
    found = [part.strip() for part in value.split(",") if part.strip()]
    if value and not found:
        raise ValueError("one or more between commas")
    return found


def mailbox(value: str) -> str:
    """One email address, with or without a name before it."""
    found = getaddresses([value])
    address = found[0][1] if len(found) == 1 and not value.endswith(",") else ""
    local, _, domain = address.rpartition("@")
    if not local or not HOST.fullmatch(domain) or "\n" in value or "\r" in value:
        raise ValueError("an address such as hello@example.com or Panzoto <hello@example.com>")
    return value


def sender_id(value: str) -> str:
    """A name that an SMS may come from."""
    if not re.fullmatch(r"(?=.*[A-Za-z])[A-Za-z0-9]{1,11}", value, re.ASCII):
        raise ValueError("1 to 11 letters and digits, of which one is a letter")
    return value


def table_name(value: str) -> str:
    """A name that DynamoDB accepts for a table."""
    if not re.fullmatch(r"[A-Za-z0-9_.-]{3,255}", value):
        raise ValueError("a table name of 3 to 255 letters, digits, dots, dashes and underscores")
    return value


def bucket_name(value: str) -> str:
    """A name that S3 accepts for a bucket."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", value):
        raise ValueError("a bucket name of 3 to 63 small letters, digits, dots and dashes")
    return value


def domain(value: str) -> str:
    """A domain of emails, in the form in which emails are claimed."""
    try:
        found = idna.decode(idna.encode(value, uts46=True)).lower().removesuffix(".")
    except idna.IDNAError:
        found = ""
    if "." not in found:
        raise ValueError("domains such as example.com between commas")
    return found


def country(value: str) -> str:
    """A country by its two letters."""
    if not value.isascii() or value.upper() not in SUPPORTED_REGIONS:  # the large letters of ß are another country
        raise ValueError("countries by their two letters, such as US,CA,DE")
    return value.upper()


def scheme(value: str) -> str:
    """A scheme of addresses that no browser takes for its own."""
    if not re.fullmatch(r"[a-z][a-z0-9+.-]{1,30}", value, re.ASCII) or value in TAKEN:
        raise ValueError("a scheme of the app's own in small letters, such as panzoto")
    return value


def app_link(value: str) -> str:
    """An address that opens the app: of a scheme of its own, or https; nothing is added to it but our parameters."""
    if re.fullmatch(r"https://[A-Za-z0-9.-]{1,253}(:\d{1,5})?(/[A-Za-z0-9._~/-]*)?", value, re.ASCII):
        return value
    own, _, rest = value.partition(":")
    try:
        scheme(own)
    except ValueError:
        rest = ""
    if not re.fullmatch(r"/{1,3}[A-Za-z0-9._~/-]{1,200}", rest, re.ASCII):
        raise ValueError("deep links of the app between commas, such as panzoto://oauth")
    return value


def package(value: str) -> str:
    """The name of an Android package."""
    if not re.fullmatch(r"[A-Za-z]\w*(\.[A-Za-z]\w*)+", value, re.ASCII):
        raise ValueError("the name of a package such as com.example.panzoto")
    return value


def fingerprint(value: str) -> str:
    """A SHA-256 fingerprint as Android's tools print it."""
    if not re.fullmatch(r"([0-9A-F]{2}:){31}[0-9A-F]{2}", value.upper(), re.ASCII):
        raise ValueError("SHA-256 fingerprints of 32 bytes such as 14:6D:E9:… between commas")
    return value.upper()


def kms_name(value: str) -> str:
    """A key of KMS: its alias, its id or its ARN."""
    if not re.fullmatch(
        r"(arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:)?(alias/|key/)?[A-Za-z0-9/_-]{1,250}", value, re.ASCII
    ):
        raise ValueError("an alias such as alias/panzoto-audio, the id of a KMS key, or its ARN")
    return value


def language(value: str) -> str:
    """A language and its country, as Transcribe names them."""
    if not re.fullmatch(r"[a-z]{2,3}-[A-Z]{2}", value, re.ASCII):
        raise ValueError("a language and its country such as en-US")
    return value


def region(value: str) -> str:
    """An AWS region."""
    if not re.fullmatch(r"[a-z]{2,4}(-[a-z]+)+-\d", value, re.ASCII):
        raise ValueError("an AWS region such as us-east-1")
    return value


def kms_key(value: str) -> str:
    """The ARN of a key of KMS: an alias would not say which key it stands for."""
    if not re.fullmatch(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]{1,64}", value, re.ASCII):
        raise ValueError("the ARN of a KMS key such as arn:aws:kms:us-east-1:111122223333:key/1234abcd")
    return value


def url(value: str) -> str:
    """An http or https address without a path."""
    parts = re.fullmatch(r"https?://(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]+))(?::([1-9]\d{0,4}))?/?", value, re.ASCII)
    if parts:
        number, host, port = parts.groups(default="")
        if int(port or 1) <= LAST_PORT and (HOST.fullmatch(host) or _is_ipv6(number)):
            return value.rstrip("/")
    raise ValueError("an address such as http://localhost:8000")


def host(value: str) -> str:
    """A host to listen on: a name, or a number of IPv4 or IPv6, without the brackets that it may have come in."""
    bare = value[1:-1] if value.startswith("[") and value.endswith("]") else value
    if _is_ipv6(bare) or (bare == value and (_is_ipv4(value) or _is_name(value))):
        return bare
    raise ValueError("the name or the number of a host such as localhost, 0.0.0.0 or ::1, without a port")


def _is_name(value: str) -> bool:
    """Whether it is a name; what ends in a number is one to a resolver."""
    return bool(HOST.fullmatch(value)) and not value.removesuffix(".").rpartition(".")[2][0].isdigit()


def _is_ipv4(number: str) -> bool:
    try:
        return bool(IPv4Address(number))
    except AddressValueError:
        return False


def _is_ipv6(number: str) -> bool:
    try:
        return bool(IPv6Address(number))
    except AddressValueError:
        return False


def origin(value: str) -> str:
    """A web origin as a browser sends it, in small letters and without the scheme's own port; or * for any."""
    if value == "*":
        return value
    try:
        lowered = url(value).lower()
    except ValueError:
        raise ValueError("origins such as https://app.example.com between commas, or *") from None
    return lowered.removesuffix(":443" if lowered.startswith("https:") else ":80")
