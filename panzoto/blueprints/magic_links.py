"""The page of a link to sign in. Whoever fetches it, or runs its script, changes nothing; its button signs in."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from panzoto.crypto.purposes import TOKEN
from panzoto.errors import (
    AccessDenied,
    DeviceMismatch,
    LinkInvalid,
    NotApproved,
    NotFound,
    PanzotoError,
    SessionEnded,
    TokenInvalid,
)
from panzoto.flows import browser_session, sign_in_by_link
from panzoto.web.answers import page
from panzoto.web.browser import SESSION, refuse_other_sites
from panzoto.web.errors import refused_page, status_of
from panzoto.web.guards import public
from panzoto.web.here import name_of, signed_in_here
from panzoto.web.requests import client, deps

magic_links = Blueprint("magic_links", __name__)
CUT = "This link is not whole. Open it in the message itself, or copy all of it."
# Nobody is signed in in this browser, or nobody who still may be.
NOT_SIGNED_IN = (SessionEnded, TokenInvalid, AccessDenied, NotApproved)
# With these a link is worth nothing, however often it is tried.
OVER = (LinkInvalid, AccessDenied, NotApproved)


@magic_links.get("/m/<token>")
@public
def show(token: str) -> Response:
    """Three ways on: the app, this browser, or a code to type. It reads nothing and writes nothing."""
    if not TOKEN.fullmatch(token):
        return page("link.html", 404, problem=CUT)
    return page("link.html", 200, here=token, **_ways(token))


@magic_links.post("/m/<token>")
@public
def sign_in(token: str) -> Response:
    """Spend the link, and sign in in this browser."""
    try:
        refuse_other_sites()
        return signed_in_here(sign_in_by_link.sign_in_by_link(deps(), token, None, client()))
    except PanzotoError as refused:
        return refused_page("link.html", refused, **_ways_left(token, refused))


@magic_links.get("/signed-in")
@public
def signed_in() -> Response:
    """Who is signed in in this browser, and the way out."""
    try:
        found = browser_session.visitor(deps(), SESSION.kept(deps().config))
    except NOT_SIGNED_IN as refused:
        return page("signed_out.html", status_of(refused))
    except PanzotoError as refused:
        return refused_page("failed.html", refused)
    console = "/admin" if found.user.roles else None
    return page("signed_in.html", 200, who=name_of(found.user), console=console)


@magic_links.post("/signed-out")
@public
def sign_out() -> Response:
    """End the session of this browser. Another site's form brings no cookie, and takes none away."""
    config = deps().config
    response = page("signed_out.html", 200)
    try:
        refuse_other_sites()
        browser_session.leave(deps(), SESSION.kept(config), client())
    except (SessionEnded, TokenInvalid):
        return response
    except PanzotoError as refused:
        return refused_page("failed.html", refused)
    SESSION.forget(response, config)
    return response


@magic_links.get("/.well-known/assetlinks.json")
@public
def assetlinks() -> Response:
    """Which app may open our links without asking (Android App Links)."""
    config = deps().config
    if config.android_package is None:
        raise NotFound
    target = {
        "namespace": "android_app",
        "package_name": config.android_package,
        "sha256_cert_fingerprints": list(config.android_certificates),
    }
    response = jsonify([{"relation": ["delegate_permission/common.handle_all_urls"], "target": target}])
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


def _ways(token: str) -> dict[str, str | None]:
    """The link into the app, and the code that stands for the link."""
    scheme = deps().config.app_scheme
    return {"app": f"{scheme}://m/{token}" if scheme else None, "code": deps().codes.of_link(token)}


def _ways_left(token: str, refused: PanzotoError) -> dict[str, str | None]:
    """The ways that are worth another try: none with a link that is over, and not this browser for another device."""
    if isinstance(refused, OVER):
        return {"here": None}
    return _ways(token) | ({"here": None} if isinstance(refused, DeviceMismatch) else {"here": token})
