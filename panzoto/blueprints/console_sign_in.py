"""The way into the console: by the same means as everyone's, and out again."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, redirect, request, url_for

from panzoto.errors import PanzotoError, SessionEnded, TokenInvalid
from panzoto.flows import ask_for_link, browser_session, initiate_otp, login, verify_otp
from panzoto.flows._sessions import SignedIn
from panzoto.flows.admin.staff import staff_of
from panzoto.web import browser
from panzoto.web.console import back, forget, keep, kept, page, pages
from panzoto.web.errors import note, refusal
from panzoto.web.guards import public
from panzoto.web.requests import client, deps

console_sign_in = pages("console_sign_in")


@console_sign_in.get("/admin/sign-in")
@public
def get_sign_in() -> Response:
    """The ways in; whoever is signed in in this browser already need only say so."""
    return _page(who=_signed_in_elsewhere())


@console_sign_in.post("/admin/sign-in")
@public
def post_sign_in() -> Response:
    """Sign in by password."""
    email, password = request.form.get("email", ""), request.form.get("password", "")
    try:
        found = login.login(deps(), email, password, client())
    except PanzotoError as refused:
        return _wrong(refused, email=email)
    return _welcome(found)


@console_sign_in.post("/admin/sign-in/link")
@public
def post_link() -> Response:
    """Send a link. Its page signs this browser in, and leads here."""
    email = request.form.get("email", "")
    try:
        ask_for_link.ask_for_link(deps(), ask_for_link.Wish(email=email), client())
    except PanzotoError as refused:
        return _wrong(refused, email=email)
    return page("link_sent.html", email=email, next=back())


@console_sign_in.post("/admin/sign-in/code")
@public
def post_code() -> Response:
    """Send a code to a phone, and ask for it."""
    phone = request.form.get("phone", "")
    try:
        initiate_otp.initiate_otp(deps(), phone, None, client())
    except PanzotoError as refused:
        return _wrong(refused, phone=phone)
    return page("code.html", phone=phone, next=back())


@console_sign_in.post("/admin/sign-in/code/check")
@public
def post_check() -> Response:
    """Sign in by the code."""
    phone = request.form.get("phone", "")
    try:
        found = verify_otp.verify_otp(deps(), phone, request.form.get("code", "").strip(), None, client())
    except PanzotoError as refused:
        return refusal(refused, page("code.html", phone=phone, next=back(), problem=str(refused)))
    return _welcome(found)


@console_sign_in.post("/admin/sign-in/here")
@public
def post_here() -> Response:
    """Go on as whoever is signed in in this browser: by a link, or by another provider."""
    token = browser.SESSION.kept(deps().config)
    browser_session.visitor(deps(), token)
    response = make_response(redirect(back(), 303))
    keep(response, token)
    return response


@console_sign_in.post("/admin/sign-out")
@public
def post_sign_out() -> Response:
    """End the session of this browser."""
    try:
        browser_session.leave(deps(), kept(), client())
    except (SessionEnded, TokenInvalid) as ended:  # it is over already
        note(ended)
    response = make_response(redirect(url_for("console_sign_in.get_sign_in"), 303))
    forget(response)
    return response


def _signed_in_elsewhere() -> str | None:
    """The name of whoever may use the console by the session that a link or another provider has begun."""
    if not (token := browser.SESSION.kept(deps().config)):
        return None
    try:
        found = browser_session.visitor(deps(), token)
        return staff_of(deps(), found.user, found.signed_in_at, client()).name
    except PanzotoError as refused:
        note(refused)
        return None


def _welcome(found: SignedIn) -> Response:
    """Put the session into the browser. A new recovery key is shown at once, or nobody would see it."""
    browser_session.replaced(deps(), kept(), client())
    if found.recovery_key:
        response = page("recovery_key.html", key=found.recovery_key, next=back())
    else:
        response = make_response(redirect(back(), 303))
    keep(response, found.refresh_token)
    return response


def _wrong(refused: PanzotoError, **typed: str) -> Response:
    """The same page, with what is wrong."""
    return refusal(refused, _page(problem=str(refused), **typed))


def _page(**values: Any) -> Response:
    providers = [each.name for each in deps().providers]
    sms = deps().config.sms_sender != "none"
    is_old = request.values.get("why") == "old"
    return page("sign_in.html", providers=providers, sms=sms, is_old=is_old, next=back(), **values)
