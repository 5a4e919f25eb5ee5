"""Somebody has signed in in this browser: the session is put into it, and what is shown once is shown."""

from __future__ import annotations

from flask import Response, make_response, redirect

from panzoto.flows import browser_session
from panzoto.flows._sessions import SignedIn
from panzoto.models.user import User

from .answers import page
from .browser import SESSION
from .requests import client, deps


def signed_in_here(found: SignedIn) -> Response:
    """The answer of a sign-in in a browser, whose session of before ends.

    A new recovery key is shown at once, or nobody would see it.
    """
    if found.recovery_key:
        response = page("signed_in.html", 200, who=name_of(found.user), recovery_key=found.recovery_key)
    else:
        response = make_response(redirect("/signed-in", 303))
    browser_session.replaced(deps(), SESSION.kept(deps().config), client())
    SESSION.keep(response, deps().config, found.refresh_token)
    return response


def name_of(user: User) -> str | None:
    """What somebody knows themselves by."""
    return user.email or user.phone or user.name
