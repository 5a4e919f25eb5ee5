"""Accounts: register, sign in, stay signed in, change, leave."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint, Tag

from panzoto.flows import (
    delete_me,
    export_me,
    list_sessions,
    login,
    logout,
    profile,
    refresh,
    register,
    verify_email,
)
from panzoto.flows.export_me import person
from panzoto.web.answers import done
from panzoto.web.guards import caller, public, signed_in, signed_in_beside, signed_in_now
from panzoto.web.requests import client, deps, maybe_secret, secret
from panzoto.web.schemas import ErrorBody, Path
from panzoto.web.shapes import auth as shapes
from panzoto.web.signing_in import tokens, welcome

TAG = Tag(name="accounts", description="Register, sign in, stay signed in, change, leave.")
REGISTERED: dict[int | str, Any] = {201: shapes.SignIn, 202: shapes.Done, 403: ErrorBody, 409: ErrorBody}
REFUSED: dict[int | str, Any] = {401: ErrorBody, 403: ErrorBody, 429: ErrorBody}

auth = APIBlueprint("auth", __name__, url_prefix="/api/v1/auth", abp_tags=[TAG])
# The seed's addresses, where old apps call.
seed = APIBlueprint("seed_auth", __name__, url_prefix="/api", abp_tags=[TAG])


class SessionPath(Path):
    """Which session."""

    session_id: str


@seed.post("/register", summary="Register (the old address)", responses=REGISTERED)
@auth.post("/register", summary="Make an account", responses=REGISTERED)
@public
def post_register(body: shapes.Register) -> tuple[Response, int]:
    """Make an account and sign in. Where a mail must finish it (PREVENT_ENUMERATION, approved emails) it is 202."""
    given = (deps(), body.email, secret(body.password), client())
    if deps().config.registers_quietly:
        register.register_quietly(*given, name=body.name)
        return done("check_your_mail", 202)
    return welcome(register.register(*given, name=body.name, device_id=body.device_id)), 201


@seed.post("/login", summary="Sign in (the old address)", responses={200: shapes.SignIn, **REFUSED})
@auth.post("/login", summary="Sign in by password", responses={200: shapes.SignIn, **REFUSED})
@public
def post_login(body: shapes.Login) -> Response:
    """Sign in by password. `device_id`, when given, binds the session to the device."""
    return welcome(login.login(deps(), body.email, secret(body.password), client(), device_id=body.device_id))


@auth.post("/refresh", summary="New tokens for a refresh token", responses={200: shapes.Tokens, 401: ErrorBody})
@public
def post_refresh(body: shapes.Refresh) -> Response:
    """Whoever got no answer asks again with the same token, within the grace, and gets the same tokens' child."""
    return tokens(refresh.refresh(deps(), body.refresh_token, body.device_id, client()))


@auth.post("/logout", summary="Sign out here", responses={200: shapes.Done})
@signed_in
def post_logout() -> tuple[Response, int]:
    """End this session: its access token too, at once."""
    logout.logout(deps(), caller(), client())
    return done("signed_out")


@auth.post("/logout-all", summary="Sign out everywhere", responses={200: shapes.Done})
@signed_in
def post_logout_all() -> tuple[Response, int]:
    """End every session of the account, this one too."""
    logout.logout_all(deps(), caller(), client())
    return done("signed_out_everywhere")


@auth.get("/sessions", summary="Where am I signed in?", responses={200: shapes.SessionList})
@signed_in_beside
def get_sessions() -> Response:
    """The living sessions of the account, newest first."""
    return jsonify(sessions=list_sessions.list_sessions(deps(), caller()))


@auth.delete("/sessions/<session_id>", summary="Sign out one device", responses={200: shapes.Done, 404: ErrorBody})
@signed_in
def delete_session(path: SessionPath) -> tuple[Response, int]:
    """End one session. It asks for a sign-in that is not long ago."""
    logout.end_session(deps(), caller(), path.session_id, client())
    return done("signed_out")


@auth.get("/me", summary="Who am I?", responses={200: shapes.Me})
@signed_in
def get_me() -> Response:
    """The account, as its owner sees it."""
    return jsonify(user=person(caller().user))


@auth.patch("/me", summary="Change my name or email", responses={200: shapes.Me, 403: ErrorBody, 409: ErrorBody})
@signed_in
def patch_me(body: shapes.ChangeMe) -> Response:
    """Change the name at once, and the email when the link that is sent to the new one is followed."""
    changed = profile.change_profile(
        deps(),
        caller(),
        client(),
        name=body.name,
        email=body.email,
        current_password=maybe_secret(body.current_password),
    )
    return jsonify(user=person(changed.user), pending_email=changed.pending_email)


@auth.delete("/me", summary="Delete my account", responses={202: shapes.Done, 409: ErrorBody})
@signed_in
def delete_account(body: shapes.DeleteMe) -> tuple[Response, int]:
    """Delete the account and all that hangs on it: sessions end at once, the rest follows."""
    delete_me.delete_me(deps(), caller(), maybe_secret(body.current_password), client())
    return done("deleting", 202)


@auth.get("/export", summary="Everything about me", responses={200: shapes.Export})
@signed_in_now
def get_export() -> Response:
    """Everything that is known of the caller, as JSON."""
    return jsonify(export_me.export_me(deps(), caller(), client()))


@auth.post("/email/verify", summary="Verify my email", responses={200: shapes.Done, 403: ErrorBody, 409: ErrorBody})
@public
def post_verify_email(body: shapes.VerifyEmail) -> tuple[Response, int]:
    """Spend the link of a mail: the email is verified, or changed to the new one."""
    verify_email.verify_email(deps(), body.token, client())
    return done("verified")


@auth.post("/email/ask", summary="Send me another link", responses={202: shapes.Done})
@signed_in
def post_ask_email() -> tuple[Response, int]:
    """Send another link to the account's email, unless it is verified already."""
    verify_email.ask_again(deps(), caller(), client())
    return done("check_your_mail", 202)
