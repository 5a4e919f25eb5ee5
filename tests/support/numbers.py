"""Phone numbers of the tests: an emulator keeps what it sent to one for as long as it runs, whichever test asked."""

from __future__ import annotations

import itertools
import secrets

# Of San Francisco, 415-200-0000 to 415-499-9999: numbers that tests write out begin with 415-555.
FIRST, MANY = 2_000_000, 3_000_000
# A process counts, since numbers that are drawn meet; it begins anywhere, since others ask the same emulator.
_count = itertools.count(secrets.randbelow(MANY))


def new_phone() -> str:
    """A number that nobody has used."""
    return f"+1415{FIRST + next(_count) % MANY}"
