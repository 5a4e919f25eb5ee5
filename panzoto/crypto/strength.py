"""Which new passwords are refused: too short, known to every guesser, or made of what everybody knows of the person.

There are no rules of composition (NIST 800-63B-4, ASVS 6.2): any text is allowed, spaces and every script included.
What is folded here is folded to compare; the password itself is kept and verified exactly as it was typed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import pairwise

from panzoto.crypto.breaches import Breaches
from panzoto.crypto.passwords import as_typed
from panzoto.errors import WeakPassword

MIN_LENGTH, MAX_LENGTH = 8, 256
# Text that stands in every account of this service.
OUR_NAMES = ("panzoto",)
# A password has to have this many different signs beside what is known of the person.
MORE = 5
SHORTEST_WORD = 3
ROWS = ("1234567890" * 2, "qwertyuiop[]\\", "asdfghjkl;'", "zxcvbnm,./")
BETWEEN_WORDS = re.compile(r"[\W_]+")


def check(
    password: str,
    *,
    context: Iterable[str] = (),
    min_length: int = MIN_LENGTH,
    breaches: Breaches | None = None,
) -> None:
    """Raise `WeakPassword`, with the reason, for a password that somebody could guess.

    `context` is what is known of the person: the email, the name, the phone number. `InvalidRequest` if it is no text.
    """
    as_typed(password)
    if len(password) < min_length:
        raise WeakPassword(f"Password must be at least {min_length} characters")
    if len(password) > MAX_LENGTH:
        raise WeakPassword(f"Password must be at most {MAX_LENGTH} characters")
    folded = _folded(password)
    if folded in common_passwords():
        raise WeakPassword("This password is one of the most common. Choose another.")
    if len(set(folded)) <= 1 or _is_sequence(folded):
        raise WeakPassword("This password is one character or one row of characters. Choose another.")
    if _is_hardly_more_than(folded, [*context, *OUR_NAMES]):
        raise WeakPassword("This password is hardly more than your email, your name or ours. Choose another.")
    if breaches is not None and breaches.hold(password):
        raise WeakPassword("This password has appeared in a data breach. Choose another.")


@cache
def common_passwords() -> frozenset[str]:
    """The most common passwords, words and names, folded: loaded once, when first asked for."""
    # 14 MiB that only new passwords need
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # type: ignore[import-untyped]  # noqa: PLC0415

    return frozenset(word.casefold() for words in FREQUENCY_LISTS.values() for word in words)


def _folded(text: str) -> str:
    """Text without what makes no difference to somebody who guesses: case, width, spaces around."""
    return unicodedata.normalize("NFKC", text).casefold().strip()


def _is_sequence(folded: str) -> bool:
    """Whether the signs follow each other by code or on the keyboard, up or down: 45678901, hgfedcba, qwertyui."""
    steps = {(ord(after) - ord(before)) for before, after in pairwise(folded)}
    if steps in ({1}, {-1}):
        return True
    return any(folded in row or folded[::-1] in row for row in ROWS)


def _is_hardly_more_than(folded: str, known: Iterable[str]) -> bool:
    """Whether nothing hard to guess is left when every known word is taken out."""
    words = sorted({word for text in known for word in _words(_folded(text))}, key=len, reverse=True)
    left = folded
    for word in words:
        left = left.replace(word, "")
    return left != folded and (len(set(left)) < MORE or left in common_passwords() or _is_sequence(left))


def _words(text: str) -> Iterator[str]:
    """A text, its words, and both without what stands between: an email gives its local part and its domain too."""
    parts = [text, *text.split("@"), *BETWEEN_WORDS.split(text)]
    for part in parts:
        yield from (word for word in (part, BETWEEN_WORDS.sub("", part)) if len(word) >= SHORTEST_WORD)
