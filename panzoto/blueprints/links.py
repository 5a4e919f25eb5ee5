"""The pages behind the links of mails. To look at one changes nothing, however many scanners do; its button does."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template, request

from panzoto.errors import AudioDecisionNeeded, KeyRejected, LinkInvalid, RateLimited, RecoveryKeyMistyped, WeakPassword
from panzoto.flows import reset_password, verify_email
from panzoto.web.guards import public
from panzoto.web.requests import client, deps

# What a person can mend on the page, or must hear of there.
TOLD = (AudioDecisionNeeded, KeyRejected, LinkInvalid, RateLimited, RecoveryKeyMistyped, WeakPassword)

links = Blueprint("links", __name__)


@links.get("/verify/<token>")
@public
def verify(token: str) -> str:
    """A page with a button."""
    return render_template("verify.html", token=token)


@links.post("/verify/<token>")
@public
def verified(token: str) -> Response:
    """Spend the link."""
    try:
        verify_email.verify_email(deps(), token, client())
    except TOLD as refused:
        return _page("verify.html", 400, token=token, problem=str(refused))
    return _page(
        "done.html", 200, title="Your email is confirmed", text="You can close this page and go back to the app."
    )


@links.get("/reset/<token>")
@public
def reset(token: str) -> str:
    """A page that asks for a new password."""
    return render_template("reset.html", token=token)


@links.post("/reset/<token>")
@public
def reset_done(token: str) -> Response:
    """Set the new password."""
    recovery_key = request.form.get("recovery_key", "").strip() or None
    audio = reset_password.Audio(recovery_key, "abandon_audio" in request.form)
    try:
        _, shown = reset_password.reset(deps(), token, request.form.get("new_password", ""), client(), audio=audio)
    except TOLD as refused:
        return _page("reset.html", 400, token=token, problem=str(refused))
    text = "Sign in to the app with it."
    return _page("done.html", 200, title="You have a new password", text=text, recovery_key=shown)


def _page(template: str, status: int, **values: str | None) -> Response:
    return make_response(render_template(template, **values), status)
