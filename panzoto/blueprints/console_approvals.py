"""The console's pages of approved emails."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from flask import Response, make_response, redirect, request, url_for

from panzoto.errors import Conflict, PanzotoError
from panzoto.flows.admin import approved
from panzoto.flows.admin.approved import Approval
from panzoto.web.console import admin_here, page, pages, staff_here
from panzoto.web.errors import refusal
from panzoto.web.guards import admin, staff
from panzoto.web.requests import deps

ABOUT = ("company", "reason", "notes")

console_approvals = pages("console_approvals")


@console_approvals.get("/admin/approvals")
@staff_here
def get_approvals() -> Response:
    """Approved emails: all, those that begin so, those of a domain."""
    search = request.args.get("search", "").strip()
    found = approved.list_approvals(deps(), staff(), search, cursor=request.args.get("cursor") or None)
    return page("approvals.html", found=found, search=search, now=deps().clock())


@console_approvals.get("/admin/approvals/new")
@admin_here
def get_new() -> Response:
    """A form for an email that is not approved yet."""
    return page("approval.html", typed=request.args, approval=None)


@console_approvals.post("/admin/approvals/new")
@admin_here
def post_new() -> Response:
    """Approve an email."""
    form = request.form
    try:
        approved.add_approval(deps(), admin(), form.get("email", ""), _until(form.get("until")), _about({}))
    except PanzotoError as refused:
        return _again(refused, None)
    return _to_list("approved")


@console_approvals.get("/admin/approvals/import")
@admin_here
def get_import() -> Response:
    """A form for many emails."""
    return page("import.html", text="", most=approved.MOST_ROWS)


@console_approvals.post("/admin/approvals/import")
@admin_here
def post_import() -> Response:
    """Approve every row of a CSV, and tell which are wrong."""
    file = request.files.get("file")
    text = file.read().decode("utf-8", "surrogateescape") if file and file.filename else request.form.get("text", "")
    try:
        done = approved.import_approvals(deps(), admin(), text)
    except PanzotoError as refused:
        text = text.encode("utf-8", "replace").decode()
        return refusal(refused, page("import.html", text=text, most=approved.MOST_ROWS, problem=str(refused)))
    return page("imported.html", done=done)


@console_approvals.get("/admin/approvals/<email:email>")
@staff_here
def get_approval(email: str) -> Response:
    """One approval; administrators may change it."""
    return page("approval.html", typed={}, approval=approved.find_approval(deps(), staff(), email), now=deps().clock())


@console_approvals.post("/admin/approvals/<email:email>")
@admin_here
def post_approval(email: str) -> Response:
    """Change an approval."""
    found = approved.find_approval(deps(), admin(), email)
    try:
        until = _until(request.form.get("until"), found)
        approved.edit_approval(deps(), admin(), email, until, _about(found.metadata), request.form.get("version"))
    except Conflict as refused:
        return _again(refused, approved.find_approval(deps(), admin(), email), {})  # as it is now, not as it was typed
    except PanzotoError as refused:
        return _again(refused, found)
    return _to_list("changed")


@console_approvals.get("/admin/approvals/<email:email>/end")
@admin_here
def get_end(email: str) -> Response:
    """Ask whether an approval shall end."""
    found = approved.find_approval(deps(), admin(), email)
    return page(
        "confirm.html",
        title="End this approval?",
        about=found.email,
        text="The sessions that it allowed end at once, and this email signs in no more.",
        button="End the approval",
        way_back=url_for("console_approvals.get_approval", email=email),
    )


@console_approvals.post("/admin/approvals/<email:email>/end")
@admin_here
def post_end(email: str) -> Response:
    """End an approval."""
    approved.end_approval(deps(), admin(), email)
    return _to_list("ended")


def _until(given: str | None, before: Approval | None = None) -> datetime | None:
    """The end that a form says. A day that was left as it was keeps its hour."""
    if not given:
        return None
    at = before.expires_at if before else None
    return at if at is not None and at.date().isoformat() == given else approved.moment(given)


def _about(before: dict[str, str]) -> dict[str, str]:
    """What a form says of an approval, and what it does not ask for as it was."""
    return {name: value for name, value in {**before, **_typed()}.items() if value}


def _typed() -> dict[str, str]:
    return {name: request.form.get(name, "").strip() for name in ABOUT}


def _again(refused: PanzotoError, approval: Approval | None, typed: Mapping[str, str] | None = None) -> Response:
    said = ", ".join(f"{each['field']} {each['problem']}" for each in refused.details) or str(refused)
    shown = request.form if typed is None else typed
    again = page("approval.html", typed=shown, approval=approval, now=deps().clock(), problem=said)
    return refusal(refused, again)


def _to_list(done: str) -> Response:
    return make_response(redirect(url_for("console_approvals.get_approvals", done=done), 303))
