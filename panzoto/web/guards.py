"""Who may pass: every route names its guard, and one hook asks it before anything of the request is read."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any, TypeVar

from flask import Flask, current_app, g, request

from panzoto.errors import AccessDenied, SignInNeeded
from panzoto.flows.admin.staff import Admin, Staff, admin_of, staff_of
from panzoto.flows.authenticate import Caller, authenticate, authenticate_beside, authenticate_now

from .requests import client, deps

View = TypeVar("View", bound=Callable[..., Any])
Guard = Callable[[], None]
# What a proxy adds: whoever comes through one is not the machine itself.
FORWARDED = frozenset({"forwarded", "x-forwarded-for", "x-real-ip"})
READING = frozenset({"GET", "HEAD", "OPTIONS"})


def guarded_by(guard: Guard) -> Callable[[View], View]:
    """Declare the guard of a route. It stands next to the function, below the route."""

    def declare(view: View) -> View:
        view.guard = guard  # type: ignore[attr-defined]
        return view

    return declare


def _anybody() -> None:
    """Everybody may pass."""


public = guarded_by(_anybody)


def is_public(guard: Guard | None) -> bool:
    """Whether a guard lets everybody pass."""
    return guard is _anybody


def _signed_in() -> None:
    """Whoever holds an access token whose session lives; to read, as far as a copy knows that is allowed to."""
    g.caller = (authenticate if request.method in READING else authenticate_now)(deps(), _bearer())


def _signed_in_beside() -> None:
    """The same, on a route that only reads: the session is looked up meanwhile, and `settle` waits for it."""
    g.caller = g.unsettled = authenticate_beside(deps(), _bearer())


def _bearer() -> str:
    """The access token of a request."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    token = token.strip()
    if not token or scheme.lower() != "bearer":
        raise SignInNeeded
    return token


def _signed_in_now() -> None:
    """The same by no copy, to read what is worth as much as an act."""
    g.caller = authenticate_now(deps(), _bearer())


signed_in, signed_in_beside, signed_in_now = map(guarded_by, (_signed_in, _signed_in_beside, _signed_in_now))


def settle() -> None:
    """Wait until it is known whether the caller may; what was read meanwhile goes nowhere if not."""
    if (unsettled := g.pop("unsettled", None)) is not None:
        unsettled.settle()


def caller() -> Caller:
    """Who calls, on a route that asks for a sign-in."""
    found: Caller = g.caller
    return found


def _by_staff() -> None:
    """Administrators and supporters, who have signed in not so long ago."""
    g.caller = authenticate_now(deps(), _bearer())
    g.staff = staff_of(deps(), caller().user, caller().claims.auth_time, client())


def _by_admin() -> None:
    """Administrators alone."""
    g.caller = authenticate_now(deps(), _bearer())
    g.staff = admin_of(deps(), caller().user, caller().claims.auth_time, client())


by_staff, by_admin = guarded_by(_by_staff), guarded_by(_by_admin)


def staff() -> Staff:
    """Who acts for the service, on a route that asks for a role."""
    found: Staff = g.staff
    return found


def admin() -> Admin:
    """The administrator who acts, on a route that asks for one."""
    found: Admin = g.staff
    return found


def _metrics_reader() -> None:
    """Whoever holds METRICS_TOKEN; without one, the machine itself."""
    token = deps().config.metrics_token
    if token is None:
        if any(name in request.headers for name in FORWARDED) or not _is_loopback(request.remote_addr):
            raise AccessDenied("The metrics are read on the machine itself, or with METRICS_TOKEN.")
    elif not hmac.compare_digest(_sent("Authorization"), f"Bearer {token}".encode()):
        raise AccessDenied("The metrics ask for the bearer token in METRICS_TOKEN.")


def _sent(name: str) -> bytes:
    """The bytes of a header, which WSGI shows as Latin-1."""
    return request.headers.get(name, "").encode("latin-1", "replace")


def _is_loopback(address: str | None) -> bool:
    """Whether an address is the machine itself; what is no address is not."""
    try:
        found = ip_address(address or "")
    except ValueError:
        return False
    return (getattr(found, "ipv4_mapped", None) or found).is_loopback


metrics_reader = guarded_by(_metrics_reader)


def guard_of(app: Flask, endpoint: str) -> Guard | None:
    """The guard that a route has declared."""
    return getattr(app.view_functions[endpoint], "guard", None)


def require(app: Flask) -> None:
    """Raise for routes that have declared no guard, or one that they may have passed before it has looked."""
    for rule in app.url_map.iter_rules():
        guard = guard_of(app, rule.endpoint)
        if guard is None:
            raise LookupError(f"{rule.rule} does not say who may pass")
        if guard is _signed_in_beside and not READING.issuperset(rule.methods or ()):
            raise LookupError(f"{rule.rule} writes, and what it wrote for an ended session could not be taken back")


def _ask() -> None:
    rule = request.url_rule
    if rule is None or (request.method == "OPTIONS" and getattr(rule, "provide_automatic_options", False)):
        return
    guard = guard_of(current_app, rule.endpoint)
    if guard is None:
        raise LookupError(f"{rule.rule} does not say who may pass")
    guard()


def install(app: Flask) -> None:
    """Ask the guard before every request."""
    app.before_request(_ask)
