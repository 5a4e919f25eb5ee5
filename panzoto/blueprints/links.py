"""The pages behind the links of mails. To look at one changes nothing, however many scanners do; its button does."""

from __future__ import annotations

from urllib.parse import parse_qsl

from flask import Blueprint, Response, render_template, request

from panzoto.errors import InvalidRequest, LinkInvalid, PanzotoError
from panzoto.flows import reset_password, verify_email
from panzoto.web.answers import page
from panzoto.web.errors import refused_page
from panzoto.web.guards import public
from panzoto.web.requests import client, deps

links = Blueprint("links", __name__)


@links.get("/verify/<token>")
@public
def verify(token: str) -> str:  # noqa: ARG001 (nothing is looked up before the button is pressed)
    """A page with a button."""
    return render_template("verify.html")


@links.post("/verify/<token>")
@public
def verified(token: str) -> Response:
    """Spend the link."""
    try:
        verify_email.verify_email(deps(), token, client())
    except PanzotoError as refused:
        return _refused("verify.html", refused)
    return page(
        "done.html", 200, title="Your email is confirmed", text="You can close this page and go back to the app."
    )


@links.get("/reset/<token>")
@public
def reset(token: str) -> str:  # noqa: ARG001 (the same)
    """A page that asks for a new password."""
    return render_template("reset.html")


@links.post("/reset/<token>")
@public
def reset_done(token: str) -> Response:
    """Set the new password."""
    try:
        form = _form()
        audio = reset_password.Audio(form.get("recovery_key", "").strip() or None, "abandon_audio" in form)
        _, shown = reset_password.reset(deps(), token, form.get("new_password", ""), client(), audio=audio)
    except PanzotoError as refused:
        return _refused("reset.html", refused)
    text = "Sign in to the app with it."
    return page("done.html", 200, title="You have a new password", text=text, recovery_key=shown)


def _refused(template: str, refused: PanzotoError) -> Response:
    """The page with what is wrong; a link that is over does nothing, however often its button is pressed."""
    return refused_page(template, refused, over=str(refused) if isinstance(refused, LinkInvalid) else None)


def _form() -> dict[str, str]:
    """The fields, exactly as they were typed; what is not text in UTF-8, or holds a NUL, is nobody's password."""
    try:
        fields = parse_qsl(request.get_data().decode(), keep_blank_values=True, errors="strict", max_num_fields=10)
    except ValueError:
        raise InvalidRequest("The form could not be read. Please try again.") from None
    if any("\0" in value for _, value in fields):
        raise InvalidRequest("A password must not hold the NUL character.")
    return dict(fields)
