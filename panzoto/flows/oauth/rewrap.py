"""The service seals what it keeps of a connection anew, under another key of KMS."""

from __future__ import annotations

from enum import Enum

from panzoto.crypto.vault import Sealed
from panzoto.deps import Deps
from panzoto.errors import Conflict
from panzoto.models.connections import Connection


class Outcome(Enum):
    """What became of a connection."""

    DONE = "done"
    NOTHING = "nothing"
    BUSY = "busy"


def rewrap(deps: Deps, read: Connection, current: str) -> Outcome:
    """Seal the tokens anew, and those that wait for their revocation, unless they are under the current key.

    Commit point: one write, conditional on the version that was read and on nobody refreshing. A crash before it leaves
    what there was, after it the connection is done.
    """
    found = deps.oauth_tokens.find(read.user_id, read.provider)
    waiting = found.revocation.tokens if found is not None and found.revocation is not None else None
    stale = [each for each in (found.tokens if found else None, waiting) if each is not None and each.key_id != current]
    if found is None or not stale:
        return Outcome.NOTHING
    if found.leased_until is not None and found.leased_until > deps.clock():
        return Outcome.BUSY
    try:
        deps.oauth_tokens.rewrap(found, _anew(deps, found, found.tokens), _anew(deps, found, waiting))
    except Conflict:
        return Outcome.BUSY
    return Outcome.DONE


def _anew(deps: Deps, found: Connection, sealed: Sealed | None) -> Sealed | None:
    """The same bytes under a new data key."""
    if sealed is None:
        return None
    clear = deps.vault.open(sealed, found.user_id, found.provider)
    return deps.vault.sealer(found.user_id, found.provider).seal(clear)
