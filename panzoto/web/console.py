"""The console's own session: its cookie, the token that its forms carry, and who may see its pages."""

from __future__ import annotations

import hmac
import re
import secrets
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, url_for

from panzoto import costs
from panzoto.errors import (
    AccessDenied,
    InvalidRequest,
    PanzotoError,
    RecentSignInNeeded,
    SessionEnded,
    SignInNeeded,
    TokenExpired,
    TokenInvalid,
)
from panzoto.flows import browser_session
from panzoto.flows.admin.staff import admin_of, staff_of

from . import console_words
from .browser import refuse_other_sites
from .cookies import Cookie
from .errors import note, refusal
from .guards import guarded_by
from .requests import client, deps

if TYPE_CHECKING:
    from panzoto.flows.browser_session import Visitor

SESSION, FORM = Cookie("panzoto_console"), Cookie("panzoto_console_form")
# A page of ours behind the sign-in: what begins so leads to no other site.
INSIDE = re.compile(r"/admin(?!/sign-)(?:[/?][!-\[\]-~]*)?", re.ASCII)
# The most bytes of an email, an id or a search, and what may be longer.
LONGEST, LONG = 320, frozenset({"cursor", "next"})
CHANGES_NOTHING = frozenset({"GET", "HEAD", "OPTIONS"})
# Nobody is signed in, or not any more: the sign-in leads back to where they were.
NOT_SIGNED_IN = (SignInNeeded, SessionEnded, TokenExpired, TokenInvalid, RecentSignInNeeded)
TOO_OLD = "This page is not of your present session. Go back, load it again, and send it once more."


def pages(name: str) -> Blueprint:
    """Some pages of the console: each checks its forms, and tells what is wrong as a page."""
    made = Blueprint(name, __name__)
    made.before_request(_check_length)
    made.before_request(_check_form)
    made.register_error_handler(PanzotoError, _refused)
    return made


def page(template: str, **values: Any) -> Response:
    """A page, with what all of them show."""
    spent = {"spent": g.ledger, "dollars": costs.dollars(g.ledger.writes, g.ledger.reads)}
    known: dict[str, Any] = {"staff": g.get("staff"), "say": console_words, **spent}
    secret, response = _bound_to(), make_response()
    if not secret:
        secret = secrets.token_urlsafe(16)
        FORM.keep(response, deps().config, secret)
    response.set_data(render_template(f"admin/{template}", form_token=_token(secret), **known, **values))
    return response


def kept() -> str:
    """The session that this browser brings; nothing, for most."""
    return SESSION.kept(deps().config)


def keep(response: Response, token: str) -> None:
    """Put a session into the browser, until it is closed."""
    SESSION.keep(response, deps().config, token)


def forget(response: Response) -> None:
    """Take it out again."""
    SESSION.forget(response, deps().config)


def back() -> str:
    """Where somebody wants to go after the sign-in: a page of the console, or its first."""
    wanted = request.values.get("next", "")
    return wanted if INSIDE.fullmatch(wanted) else url_for("console.get_overview")


def _visitor() -> Visitor:
    if not (token := kept()):
        raise SignInNeeded
    g.visitor = browser_session.visitor(deps(), token)
    found: Visitor = g.visitor
    return found


def _by_staff() -> None:
    """Administrators and supporters, signed in in this browser not so long ago."""
    found = _visitor()
    g.staff = staff_of(deps(), found.user, found.signed_in_at, client())


def _by_admin() -> None:
    """Administrators alone."""
    found = _visitor()
    g.staff = admin_of(deps(), found.user, found.signed_in_at, client())


staff_here, admin_here = guarded_by(_by_staff), guarded_by(_by_admin)


def _check_length() -> None:
    """Raise for what is longer than anything is that can be looked up by it."""
    asked = [value for name, value in request.args.items() if name not in LONG]
    if any(len(each.encode("utf-8", "replace")) > LONGEST for each in (*(request.view_args or {}).values(), *asked)):
        raise InvalidRequest("This is too long to be looked up.")


def _check_form() -> None:
    """Raise for what changes something and comes from no page of ours in this very session."""
    if request.method in CHANGES_NOTHING:
        return
    refuse_other_sites()
    secret, given = _bound_to(), request.form.get("form_token", "")
    if not secret or not hmac.compare_digest(given.encode("utf-8", "replace"), _token(secret).encode()):
        raise AccessDenied(TOO_OLD)


def _bound_to() -> str:
    """What forms are bound to: the session, and before there is one a random cookie."""
    return kept() or FORM.kept(deps().config)


def _token(secret: str) -> str:
    return hmac.new(deps().forms_key, secret.encode("utf-8", "replace"), sha256).hexdigest()


def _refused(refused: PanzotoError) -> Response:
    """To the sign-in and back, for whoever is not signed in; else a page that says what is wrong."""
    if isinstance(refused, NOT_SIGNED_IN):
        note(refused)
        where = request.full_path if request.method in CHANGES_NOTHING and request.query_string else request.path
        why = "old" if isinstance(refused, RecentSignInNeeded) else None
        return make_response(redirect(url_for("console_sign_in.get_sign_in", next=where, why=why), 303))
    who = g.visitor.user.email if "visitor" in g else None
    return refusal(refused, page("refused.html", problem=str(refused), who=who))
