"""Signing in with other providers, and their tokens from the vault."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Response, jsonify, make_response, redirect, request
from flask_openapi3 import APIBlueprint, Tag

from panzoto.errors import PanzotoError
from panzoto.flows.oauth import access_token, authorize, callback, disconnect, link, sign_in
from panzoto.flows.oauth._proofs import Code, Handed, IdToken, Presented
from panzoto.web import browser
from panzoto.web.answers import done
from panzoto.web.connections import connection
from panzoto.web.errors import code_of, note, refused_page
from panzoto.web.guards import caller, public, signed_in, signed_in_beside, signed_in_now
from panzoto.web.here import signed_in_here
from panzoto.web.requests import client, deps, maybe_secret, secret
from panzoto.web.schemas import ErrorBody
from panzoto.web.shapes import auth as accounts
from panzoto.web.shapes import oauth as shapes
from panzoto.web.signing_in import welcome

TAG = Tag(name="oauth", description="Sign in with other providers; their tokens, kept fresh.")
SIGNS_IN: dict[int | str, Any] = {
    200: accounts.SignIn,
    400: ErrorBody,
    403: ErrorBody,
    404: ErrorBody,
    409: ErrorBody,
    501: ErrorBody,
    502: ErrorBody,
}
REFUSED: dict[int | str, Any] = {404: ErrorBody, 429: ErrorBody, 501: ErrorBody, 502: ErrorBody}
LEAVES: dict[int | str, Any] = {303: None, 400: ErrorBody, **REFUSED}
RETURNS: dict[int | str, Any] = {200: None, 303: None, 400: ErrorBody, 403: ErrorBody, 409: ErrorBody, **REFUSED}
LINKS: dict[int | str, Any] = {**SIGNS_IN, 200: accounts.Done}
ENDS: dict[int | str, Any] = {200: shapes.Ended, 403: ErrorBody, 404: ErrorBody, 409: ErrorBody}

oauth = APIBlueprint("oauth", __name__, url_prefix="/api/v1/oauth", abp_tags=[TAG])


@oauth.get("/<provider>/authorize", summary="Begin in a browser", responses=LEAVES)
@public
def get_authorize(path: shapes.ProviderPath, query: shapes.Authorize) -> Response:
    """Send the browser to the provider. Open this address in a custom tab: it sets a cookie that the way back needs."""
    kept = browser.FLOW.kept(deps().config)
    begun = authorize.authorize(deps(), path.provider, query.redirect_to, query.code_challenge, kept, client())
    response = make_response(redirect(begun.address, 303))
    browser.FLOW.keep(response, deps().config, begun.browser)
    return response


@oauth.get("/<provider>/callback", summary="Come back", responses=RETURNS)
@public
def get_callback(path: shapes.ProviderPath, query: shapes.Callback) -> Response:
    """Where the provider sends the browser. It leads into the app with a code that works once, or signs in here."""
    answer = callback.Answer(state=query.state, code=query.code, error=query.error, issuer=query.iss)
    held = browser.FLOW.kept(deps().config)
    to = None
    try:
        departure = callback.came_back(deps(), path.provider, answer, held, client())
        if (to := departure.redirect_to) is not None:
            return _to_app(to, handoff=callback.hand_over(deps(), departure, answer, held, client()))
        return signed_in_here(callback.sign_in_here(deps(), departure, answer, held, client()))
    except PanzotoError as refused:
        return _refused(refused, to)


@oauth.post("/<provider>/exchange", summary="Sign in by a code", responses=SIGNS_IN)
@public
def post_exchange(path: shapes.ProviderPath, body: shapes.Exchange) -> Response:
    """Sign in by a code that the app got from the provider (RFC 8252), or by the handoff that a browser brought."""
    return welcome(sign_in.sign_in(deps(), path.provider, _presented(body), body.device_id, client()))


@oauth.post("/<provider>/id-token", summary="Sign in by an id token", responses=SIGNS_IN)
@public
def post_id_token(path: shapes.ProviderPath, body: shapes.IdTokenBody) -> Response:
    """Sign in by an id token that the phone gave to the app, as Sign in with Google does. Each signs in once."""
    shown = IdToken(token=secret(body.id_token), nonce=body.nonce)
    return welcome(sign_in.sign_in(deps(), path.provider, shown, body.device_id, client()))


@oauth.post("/<provider>/link", summary="Link it to my account", responses=LINKS)
@signed_in
def post_link(path: shapes.ProviderPath, body: shapes.Link) -> tuple[Response, int]:
    """Link an identity, shown in any of the ways of a sign-in. It asks for the password, or for a recent sign-in."""
    link.link(deps(), caller(), path.provider, _presented(body), maybe_secret(body.current_password), client())
    return done("linked")


@oauth.delete("/<provider>/link", summary="Unlink it", responses=ENDS)
@signed_in
def delete_link(path: shapes.ProviderPath, body: shapes.Confirm) -> Response:
    """Take the identity from the account, if there is another way in, and end the grant."""
    revoked = link.unlink(deps(), caller(), path.provider, maybe_secret(body.current_password), client())
    return jsonify(status="unlinked", revoked=revoked)


@oauth.get("/connections", summary="What am I connected to?", responses={200: shapes.ConnectionList})
@signed_in_beside
def get_connections() -> Response:
    """The providers of the account, without any token."""
    found = deps().oauth_tokens.connections(caller().user_id)
    user = caller().user
    return jsonify(
        connections=[connection(each, user) for each in found], providers=[each.name for each in deps().providers]
    )


@oauth.get(
    "/<provider>/access-token",
    summary="A live access token of the provider's",
    responses={200: shapes.LiveToken, 403: ErrorBody, 409: ErrorBody, **REFUSED},
)
@signed_in_now
def get_access_token(path: shapes.ProviderPath, query: shapes.Wanted) -> Response:
    """A token that works now, refreshed when it is about to end. On 409 `connection_ended`, connect again."""
    live = access_token.access_token(deps(), caller(), path.provider, query.scope, client())
    return jsonify(
        access_token=live.access_token,
        token_type=live.token_type,
        expires_at=live.expires_at.isoformat(),
        scope=live.scope,
    )


@oauth.delete("/<provider>", summary="Disconnect", responses=ENDS)
@signed_in
def delete_connection(path: shapes.ProviderPath, body: shapes.Confirm) -> Response:
    """Erase the provider's tokens and end the grant there. The identity goes on signing in: `link` takes that away."""
    revoked = disconnect.disconnect(deps(), caller(), path.provider, maybe_secret(body.current_password), client())
    return jsonify(status="disconnected", revoked=revoked)


def _presented(body: shapes.Exchange | shapes.Link) -> Presented:
    """What a body shows."""
    verifier = maybe_secret(body.code_verifier) or ""
    if body.handoff is not None:
        return Handed(code=secret(body.handoff), verifier=verifier)
    if body.code is not None:
        return Code(code=secret(body.code), verifier=verifier, redirect_uri=body.redirect_uri, nonce=body.nonce)
    return IdToken(token=maybe_secret(getattr(body, "id_token", None)) or "", nonce=body.nonce or "")


def _to_app(to: str, **said: str) -> Response:
    """Into the app, with what it is told: a code that works once, or the code of an error; never a token."""
    return make_response(redirect(f"{to}?{urlencode(said)}", 303))


def _refused(refused: PanzotoError, to: str | None) -> Response:
    """The app hears of it by its deep link, a person by a page, and a program as it does everywhere."""
    if to is not None:
        note(refused)
        return _to_app(to, error=code_of(type(refused)))
    if request.accept_mimetypes.best_match(["application/json", "text/html"]) != "text/html":
        raise refused
    return refused_page("failed.html", refused)
