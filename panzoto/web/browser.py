"""The cookie of people who signed in in a browser: out of reach of scripts and of other sites."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Response, request

from panzoto.errors import AccessDenied

from .requests import deps

if TYPE_CHECKING:
    from config import Config

# Whose page has sent a form, as browsers say it in a header that no page can set; programs do not say it.
OURS = frozenset({"same-origin", "none"})
PORTS = {"http": 80, "https": 443}
NAME, FLOW = "panzoto_session", "panzoto_oauth"
FLOW_SECONDS = 600


def cookie_name(config: Config) -> str:
    """Its name. Under https the prefix has browsers refuse it from anything but this very host."""
    return f"__Host-{NAME}" if _secure(config) else NAME


def kept(config: Config) -> str:
    """What this browser brings; nothing, for most."""
    return request.cookies.get(cookie_name(config), "")


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


def keep(response: Response, config: Config, token: str) -> None:
    """Put the session into the browser, until it is closed."""
    response.set_cookie(cookie_name(config), token, httponly=True, secure=_secure(config), samesite="Lax", path="/")


def forget(response: Response, config: Config) -> None:
    """Take it out again."""
    response.delete_cookie(cookie_name(config), httponly=True, secure=_secure(config), samesite="Lax", path="/")


def _secure(config: Config) -> bool:
    return config.public_url.startswith("https://")


def flow_cookie_name(config: Config) -> str:
    """The name of the cookie that binds a sign-in with another provider to the browser that began it."""
    return f"__Host-{FLOW}" if _secure(config) else FLOW


def keep_flow(response: Response, config: Config, secret: str) -> None:
    """Put it into the browser for as long as such a sign-in may take. `Lax`: the way back comes from another site."""
    response.set_cookie(
        flow_cookie_name(config),
        secret,
        max_age=FLOW_SECONDS,
        httponly=True,
        secure=_secure(config),
        samesite="Lax",
        path="/",
    )
