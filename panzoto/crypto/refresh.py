"""Refresh tokens: they say which session and which turn, and prove it, so that an invented one costs no read.

A token is the text `rt1.<sid>.<counter>.<mac>`: the version, the session's id, the turn in decimal digits, and 24 bytes
of HMAC-SHA256 in base64url over `panzoto/refresh-token/v1 ‖ 0x00 ‖ rt1.<sid>.<counter>`. One session and turn have one
text for as long as the key is the newest: whoever lost a response is given the same token again.
"""

from __future__ import annotations

import hmac
import re
from typing import NamedTuple

from panzoto.crypto.text import to_base64url
from panzoto.errors import TokenInvalid

KEY_BYTES = 32
MAC_BYTES = 24
LONGEST = 200
MOST_TURNS = 10**12
CONTEXT = b"panzoto/refresh-token/v1\0"
SID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
TOKEN = re.compile(r"(rt1\.([A-Za-z0-9_-]{1,64})\.(0|[1-9][0-9]{0,11}))\.([A-Za-z0-9_-]{32})", re.ASCII)


class Turn(NamedTuple):
    """What a refresh token says: the `counter`th of the session `sid`."""

    sid: str
    counter: int


class RefreshTokens:
    """Mints with the newest key; what an older one minted still reads, until the operator drops that key."""

    def __init__(self, key: bytes, *older: bytes) -> None:
        if any(len(each) < KEY_BYTES for each in (key, *older)):
            raise ValueError(f"a key of refresh tokens has at least {KEY_BYTES} bytes")
        self._keys = (key, *older)

    def mint(self, sid: str, counter: int) -> str:
        """The one token of this turn of the session."""
        if not SID.fullmatch(sid) or not 0 <= counter < MOST_TURNS:
            raise ValueError("a session's id or turn that no refresh token can name")
        said = f"rt1.{sid}.{counter}"
        return f"{said}.{_mac(self._keys[0], said)}"

    def read(self, text: str) -> Turn:
        """The session and turn of a token of ours; `TokenInvalid` for any other text."""
        parts = TOKEN.fullmatch(text) if len(text) <= LONGEST else None
        if parts is None:
            raise TokenInvalid
        said, sid, counter, mac = parts.groups()
        # every key is tried, so that the time does not tell which it was
        if not sum(hmac.compare_digest(_mac(key, said), mac) for key in self._keys):
            raise TokenInvalid
        return Turn(sid, int(counter))


def _mac(key: bytes, said: str) -> str:
    return to_base64url(hmac.digest(key, CONTEXT + said.encode(), "sha256")[:MAC_BYTES])
