"""People who signed in in a browser: the cookies that hold it, and forms that other sites send."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import request

from panzoto.errors import AccessDenied
from panzoto.flows.oauth._browser import LIFETIME

from .cookies import Cookie
from .requests import deps

# Whose page has sent a form, as browsers say it in a header that no page can set; programs do not say it.
OURS = frozenset({"same-origin", "none"})
PORTS = {"http": 80, "https": 443}
# The session, and what binds a sign-in with another provider to the browser that began it, as long as one may take.
SESSION, FLOW = Cookie("panzoto_session"), Cookie("panzoto_oauth", LIFETIME)


def refuse_other_sites() -> None:
    """Raise for a form of another site: it would sign somebody in as somebody else, or out."""
    site = request.headers.get("Sec-Fetch-Site")
    if not (_comes_from_us() if site is None else site in OURS):
        raise AccessDenied("This was sent by another site. Please open the page itself.")


def _comes_from_us() -> bool:
    """Whether what an older browser, or one without https, says of where a form stood is us; programs say nothing."""
    said = request.headers.get("Origin", request.headers.get("Referer"))
    if said is None:
        return True
    place = _place(said)
    return place is not None and place in {_place(deps().config.public_url), _place(request.host_url)}


def _place(address: str) -> tuple[str, str, int] | None:
    """The scheme, host and port of an address; None of what has none, as `null` has."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in PORTS or not parts.hostname:
        return None
    return parts.scheme, parts.hostname, port or PORTS[parts.scheme]
