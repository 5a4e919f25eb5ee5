"""The page of a link to sign in. Whoever fetches it, or runs its script, changes nothing; its button signs in."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, make_response, redirect, render_template, request

from panzoto.crypto.purposes import TOKEN
from panzoto.errors import NotFound, PanzotoError
from panzoto.flows import browser_session, sign_in_by_link
from panzoto.web.browser import cookie_name, forget, keep
from panzoto.web.errors import note, status_of
from panzoto.web.guards import public
from panzoto.web.requests import client, deps

magic_links = Blueprint("magic_links", __name__)


@magic_links.get("/m/<token>")
@public
def show(token: str) -> Response:
    """Three ways on: the app, this browser, or a code to type. It reads nothing and writes nothing."""
    return _page("link.html", 200, **_ways(token))


@magic_links.post("/m/<token>")
@public
def sign_in(token: str) -> Response:
    """Spend the link, and sign in in this browser."""
    try:
        signed_in = sign_in_by_link.sign_in_by_link(deps(), token, None, client())
    except PanzotoError as refused:
        note(refused)
        response = _page("link.html", status_of(refused), problem=str(refused), **_ways(token))
        if refused.retry_after is not None:
            response.headers["Retry-After"] = str(refused.retry_after)
        return response
    response = make_response(redirect("/signed-in", 303))
    keep(response, deps().config, signed_in.refresh_token)
    return response


@magic_links.get("/signed-in")
@public
def signed_in() -> Response:
    """Who is signed in in this browser, and the way out."""
    try:
        found = browser_session.visitor(deps(), request.cookies.get(cookie_name(deps().config), ""))
    except PanzotoError as refused:
        return _page("signed_out.html", status_of(refused))
    return _page("signed_in.html", 200, who=found.user.email or found.user.phone)


@magic_links.post("/signed-out")
@public
def sign_out() -> Response:
    """End the session of this browser. The cookie comes from no other site."""
    browser_session.leave(deps(), request.cookies.get(cookie_name(deps().config), ""), client())
    response = _page("signed_out.html", 200)
    forget(response, deps().config)
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
    """The link into the app, and the code that stands for the link; none for what is no link of ours."""
    if not TOKEN.fullmatch(token):
        return {"app": None, "code": None}
    scheme = deps().config.app_scheme
    return {"app": f"{scheme}://m/{token}" if scheme else None, "code": deps().codes.of_link(token)}


def _page(template: str, status: int, **values: str | None) -> Response:
    return make_response(render_template(template, **values), status)
