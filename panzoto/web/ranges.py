"""Which part of a recording a request asks for (RFC 9110, section 14), and which headers the answer has for it."""

from __future__ import annotations

import re
from typing import NamedTuple

from werkzeug.datastructures import Headers
from werkzeug.exceptions import RequestedRangeNotSatisfiable

ONE = re.compile(r"bytes=\s*(?:(\d+)-(\d*)|-(\d+))\s*", re.ASCII | re.IGNORECASE)
# No recording is longer; and no number is read that is longer than numbers are.
MOST, MOST_DIGITS = 2**62, 18


class Part(NamedTuple):
    """From `start` to before `stop`, and whether it was asked for by a range."""

    start: int
    stop: int
    is_range: bool


def wanted(headers: Headers, etag: str, length: int) -> Part:
    """The part that is asked for; all of it where there is no range, or none that must be heeded.

    Several ranges at once, another unit, and ranges that are none are passed over, as the RFC allows and asks.
    `If-Range` heeds the range while the recording is the same; a date in it never is, for there is none.
    """
    asked = ONE.fullmatch(headers.get("Range", ""))
    same = headers.get("If-Range", etag) == etag
    if asked is None or not same:
        return Part(0, length, is_range=False)
    first, last, suffix = asked.groups()
    if suffix is not None:
        start, stop = max(0, length - _number(suffix)), length
    else:
        start, stop = _number(first), min(length, _number(last) + 1 if last else length)
        if last and _number(last) < start:
            return Part(0, length, is_range=False)
    if start >= length:
        raise RequestedRangeNotSatisfiable(length=length)
    return Part(start, stop, is_range=True)


def _number(digits: str) -> int:
    return int(digits) if len(digits.lstrip("0")) <= MOST_DIGITS else MOST
