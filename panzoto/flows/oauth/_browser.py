"""What binds a flow to the browser that began it.

The browser alone holds a random secret, in a cookie. The store keeps a digest of it; nonce and PKCE verifier of a flow
are HMAC-SHA256, under a key of ours, over that secret and the flow's state: neither is kept anywhere.
"""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256

from panzoto.crypto.text import to_base64url
from panzoto.deps import Deps

SECRET = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
BYTES = 32
LIFETIME = timedelta(minutes=10)


@dataclass(frozen=True)
class Bound:
    """One flow in one browser."""

    state: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


def browser_secret(kept: str | None) -> str:
    """The secret of a browser: the one that it has, so that flows side by side work, or a new one."""
    return kept if kept and SECRET.fullmatch(kept) else secrets.token_urlsafe(BYTES)


def bound(deps: Deps, browser: str, state: str) -> Bound:
    """The nonce and the verifier of a flow."""
    return Bound(state, _derived(deps, "nonce", browser, state), _derived(deps, "verifier", browser, state))


def digest(text: str) -> str:
    """What the store keeps of a state, and of a browser's secret."""
    return sha256(text.encode("utf-8", "replace")).hexdigest()


def _derived(deps: Deps, purpose: str, browser: str, state: str) -> str:
    return to_base64url(hmac.digest(deps.browser_key, f"{purpose}\0{browser}\0{state}".encode(), "sha256"))
