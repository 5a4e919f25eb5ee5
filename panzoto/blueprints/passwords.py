"""The password and the recovery key: change, forget, replace."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint

from panzoto.flows import change_password, confirm_recovery_key, new_recovery_key, reset_password
from panzoto.web.answers import done
from panzoto.web.guards import caller, public, signed_in
from panzoto.web.requests import client, deps, maybe_secret, secret
from panzoto.web.schemas import ErrorBody
from panzoto.web.shapes import auth as accounts
from panzoto.web.shapes import passwords as shapes
from panzoto.web.signing_in import welcome

from .auth import TAG

REFUSED: dict[int | str, Any] = {401: ErrorBody, 403: ErrorBody, 409: ErrorBody, 429: ErrorBody}

passwords = APIBlueprint("passwords", __name__, url_prefix="/api/v1/auth", abp_tags=[TAG])


@passwords.post("/password/change", summary="Change my password", responses={200: accounts.SignIn, **REFUSED})
@signed_in
def post_change_password(body: shapes.ChangePassword) -> Response:
    """Change the password, or set a first one. Every session ends; this device gets a new one."""
    current, new = maybe_secret(body.current_password), secret(body.new_password)
    return welcome(change_password.change_password(deps(), caller(), current, new, client(), device_id=body.device_id))


@passwords.post("/recovery-key", summary="Make a new recovery key", responses={200: shapes.RecoveryKey, **REFUSED})
@signed_in
def post_recovery_key(body: shapes.Reauthenticate) -> Response:
    """A new recovery key in place of the old one, for whoever knows the password. It is shown this once."""
    made = new_recovery_key.new_recovery_key(deps(), caller(), maybe_secret(body.current_password), client())
    return jsonify(recovery_key=made)


@passwords.post("/recovery-key/confirm", summary="I have my recovery key", responses={200: accounts.Done, **REFUSED})
@signed_in
def post_confirm_recovery_key(body: shapes.ConfirmRecoveryKey) -> tuple[Response, int]:
    """Show the recovery key, typed from where it was kept. `user.recovery_key_confirmed` says whether that was done."""
    confirm_recovery_key.confirm_recovery_key(deps(), caller(), secret(body.recovery_key))
    return done("confirmed")


@passwords.post("/password/forgot", summary="I have forgotten my password", responses={202: accounts.Done})
@public
def post_forgot(body: shapes.ForgotPassword) -> tuple[Response, int]:
    """Send a link to whoever has that email; the answer is the same for every email."""
    reset_password.forgot_password(deps(), body.email, client())
    return done("check_your_mail", 202)


@passwords.post(
    "/password/reset",
    summary="Set a new password by a link",
    responses={200: accounts.SignIn, 403: ErrorBody, 409: ErrorBody},
)
@public
def post_reset(body: shapes.ResetPassword) -> Response:
    """Set a new password. `recovery_key` keeps the recordings readable; `abandon_audio` gives them up."""
    audio = reset_password.Audio(maybe_secret(body.recovery_key), body.abandon_audio)
    new = secret(body.new_password)
    return welcome(
        reset_password.reset_password(deps(), body.token, new, client(), audio=audio, device_id=body.device_id)
    )
