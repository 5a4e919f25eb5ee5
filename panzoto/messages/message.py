"""A message that is ready to be sent, and what may stand in one."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Literal

from panzoto.errors import AddressRefused

Channel = Literal["email", "sms"]

LONGEST_TEXT = 120
LONGEST_ADDRESS = 254
EMAIL = re.compile(r"[^\s@<>()\[\]\",:;\\]{1,64}@[^\s@<>()\[\]\",:;\\]{1,255}")
PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
# Controls, lone surrogates, and line and paragraph separators; and the marks that turn the direction of what follows.
UNSEEN = frozenset({"Cc", "Cs", "Zl", "Zp"})
TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True, kw_only=True)
class Message:
    """What one person gets. It shows neither its words nor its address, so that no log line can hold them."""

    kind: str
    channel: Channel
    to: str = field(repr=False)
    text: str = field(repr=False)
    subject: str | None = field(default=None, repr=False)
    html: str | None = field(default=None, repr=False)


def one_line(value: str, longest: int = LONGEST_TEXT) -> str:
    """The value without anything that ends a line, hides or turns text, on one line of bounded length."""
    seen = "".join(" " if unicodedata.category(each) in UNSEEN else each for each in value if each not in TURNING)
    line = " ".join(seen.split())
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def checked(channel: Channel, to: str) -> str:
    """The address, if nothing in it could end a header or name a second recipient."""
    wanted = EMAIL if channel == "email" else PHONE
    if len(to) > LONGEST_ADDRESS or not wanted.fullmatch(to) or one_line(to, LONGEST_ADDRESS) != to:
        raise AddressRefused
    return to
