"""The language of a message, from what the client says it reads (RFC 9110, section 12.5.4)."""

from __future__ import annotations

import re

LANGUAGES = ("en", "de")
DEFAULT = LANGUAGES[0]
LONGEST_HEADER = 1000
# A language range with its weight, as the RFC writes them; spaces may stand around the semicolon.
RANGE = re.compile(
    r"(?P<range>\*|[a-z]{1,8}(?:-[a-z0-9]{1,8})*)(?:[ \t]*;[ \t]*q=(?P<weight>0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?))?",
    re.IGNORECASE | re.ASCII,
)


def language(accept_language: str | None) -> str:
    """The language that the client likes best of those we write; English if there is none.

    A dialect stands for its language, and `*` for the languages that are not named. What is not well-formed is passed
    over, and so is everything after the first 1000 characters.
    """
    named: dict[str, float] = {}
    for part in (accept_language or "")[:LONGEST_HEADER].split(","):
        if found := RANGE.fullmatch(part.strip(" \t")):
            tag = found["range"].lower().partition("-")[0]
            named[tag] = max(named.get(tag, 0.0), float(found["weight"] or 1))
    others = named.pop("*", 0.0)
    liked = {tag: weight for tag, weight in named.items() if tag in LANGUAGES}
    liked |= {tag: others for tag in LANGUAGES if tag not in liked}
    best = max(liked, key=lambda tag: liked[tag])  # of equals, the first: as named, then as we list them
    return best if liked[best] > 0 else DEFAULT
