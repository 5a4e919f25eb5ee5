"""Ways in without a password: a code to the phone, a link to the mailbox."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint, Tag

from panzoto.flows import ask_for_link, initiate_otp, phone, sign_in_by_link, verify_otp
from panzoto.flows.export_me import person
from panzoto.web.answers import done
from panzoto.web.guards import caller, public, signed_in
from panzoto.web.requests import client, deps, maybe_secret, secret
from panzoto.web.schemas import ErrorBody
from panzoto.web.shapes import auth as accounts
from panzoto.web.shapes import passwordless as shapes
from panzoto.web.signing_in import welcome

TAG = Tag(name="passwordless", description="Sign in by a code to the phone, or by a link to the mailbox.")
SENDS: dict[int | str, Any] = {200: shapes.CodeSent, 422: ErrorBody, 429: ErrorBody, 501: ErrorBody}
SIGNS_IN: dict[int | str, Any] = {200: accounts.SignIn, 401: ErrorBody, 403: ErrorBody, 409: ErrorBody, 429: ErrorBody}

passwordless = APIBlueprint("passwordless", __name__, url_prefix="/api/v1/auth", abp_tags=[TAG])


def _sent() -> Response:
    config = deps().config
    seconds = int(config.otp_expiry.total_seconds())
    body = shapes.CodeSent(expires_in=seconds, resend_after=int(config.otp_resend_delay.total_seconds()))
    return jsonify(body.model_dump())


@passwordless.post("/initiate-otp", summary="Send me a code by SMS", responses=SENDS)
@public
def post_initiate_otp(body: shapes.InitiateOtp) -> Response:
    """Send a code, which ends the one before. Whoever has no account gets one with the first sign-in."""
    initiate_otp.initiate_otp(deps(), body.phone_number, body.device_id, client())
    return _sent()


@passwordless.post("/verify-otp", summary="Sign in by the code", responses={**SIGNS_IN, 422: ErrorBody})
@public
def post_verify_otp(body: shapes.VerifyOtp) -> Response:
    """Sign in by the code that came. It works once, and so many wrong ones end it."""
    return welcome(verify_otp.verify_otp(deps(), body.phone_number, secret(body.otp), body.device_id, client()))


@passwordless.post(
    "/magic-link", summary="Send me a link", responses={202: shapes.LinkSent, 422: ErrorBody, 501: ErrorBody}
)
@public
def post_magic_link(body: shapes.AskForLink) -> tuple[Response, int]:
    """Send a link to sign in; the answer is the same for every email."""
    request_id = ask_for_link.ask_for_link(deps(), ask_for_link.Wish(**body.model_dump()), client())
    seconds = int(deps().config.magic_link_expiry.total_seconds())
    return jsonify(shapes.LinkSent(request_id=request_id, expires_in=seconds).model_dump()), 202


@passwordless.post("/magic-link/verify", summary="Sign in by the link", responses=SIGNS_IN)
@public
def post_verify_link(body: shapes.VerifyLink) -> Response:
    """Sign in by the token of a link, or by the code of its mail. Each works once, and ends the other."""
    if body.token is not None:
        return welcome(sign_in_by_link.sign_in_by_link(deps(), body.token, body.device_id, client()))
    code = maybe_secret(body.code) or ""
    return welcome(sign_in_by_link.sign_in_by_link_code(deps(), body.request_id or "", code, body.device_id, client()))


@passwordless.post("/phone", summary="Add or change my phone", responses={**SENDS, 403: ErrorBody})
@signed_in
def post_phone(body: shapes.AskForPhone) -> Response:
    """Send a code to the phone that is to be added. It asks for the password, or for a sign-in that is not long ago."""
    password = maybe_secret(body.current_password)
    phone.ask_for_phone(deps(), caller(), body.phone_number, body.device_id, password, client())
    return _sent()


@passwordless.post(
    "/phone/verify",
    summary="Prove that it is my phone",
    responses={200: accounts.Me, 409: ErrorBody, 422: ErrorBody},
)
@signed_in
def post_verify_phone(body: shapes.VerifyOtp) -> Response:
    """Give the account the phone, in place of the one it has."""
    user = phone.add_phone(deps(), caller(), body.phone_number, secret(body.otp), body.device_id, client())
    return jsonify(user=person(user))


@passwordless.delete("/phone", summary="Take my phone away", responses={200: accounts.Done, 409: ErrorBody})
@signed_in
def delete_phone(body: shapes.RemovePhone) -> tuple[Response, int]:
    """Take the phone from the account, if there is another way in."""
    phone.remove_phone(deps(), caller(), maybe_secret(body.current_password), client())
    return done("removed")
