"""Administrators say which emails may have an account."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice

from panzoto.deps import Deps
from panzoto.errors import Conflict, InvalidRequest, NotFound, PanzotoError, StoreUnavailable
from panzoto.flows._addresses import maybe_email, normal_email
from panzoto.flows._approving import CHANGED, By, Wanted, anything, give, take
from panzoto.flows.approvals_csv import Row, approval_of, moment, rows
from panzoto.models.approved_emails import NOT_APPROVED, Approval, ApprovalPage
from panzoto.models.store import ledger

from .staff import Admin, Staff

__all__ = ["Approval", "ApprovalPage", "moment"]

# What one request does: each row is a handful of calls.
MOST_ROWS = 500


@dataclass(frozen=True)
class Fault:
    """A row that did not land, and why."""

    where: str
    problem: str


@dataclass(frozen=True)
class Imported:
    """The emails that are approved now, and the rows that are not."""

    approved: tuple[str, ...]
    faults: tuple[Fault, ...]


def list_approvals(
    deps: Deps, _: Staff, search: str = "", *, limit: int = 50, cursor: str | None = None
) -> ApprovalPage:
    """Approvals by email: all, those that begin so, those of a domain (`@example.com`), or one whole email."""
    search = search.strip().lower()
    if not search.startswith("@") and cursor is None and (email := maybe_email(search)):
        found = deps.approved_emails.find(email)  # its table knows it before its index does
        if found is not None:
            return ApprovalPage((found,), None)
    return deps.approved_emails.page(search, limit=limit, cursor=cursor)


def find_approval(deps: Deps, _: Staff, email: str) -> Approval:
    """The approval of an email."""
    found = deps.approved_emails.find(normal_email(email))
    if found is None:
        raise NotFound(NOT_APPROVED)
    return found


def add_approval(
    deps: Deps,
    admin: Admin,
    email: str,
    expires_at: datetime | None = None,
    metadata: dict[str, str] | None = None,
) -> Approval:
    """Approve an email that is not approved yet. Commit point as in `give`."""
    return give(deps, Wanted(email, expires_at, metadata), _by(admin), _is_new)


def edit_approval(
    deps: Deps,
    admin: Admin,
    email: str,
    expires_at: datetime | None,
    metadata: dict[str, str] | None,
    version: str | None = None,
) -> Approval:
    """Change what an approval says. Commit point as in `give`.

    Whoever says which version they have seen changes no other.
    """
    return give(deps, Wanted(email, expires_at, metadata), _by(admin), partial(_is_there, version))


def end_approval(deps: Deps, admin: Admin, email: str) -> Approval:
    """Take an approval away, and end the sessions that it allowed. Commit point as in `take`."""
    ended = take(deps, email, _by(admin))
    if ended is None:
        raise NotFound(NOT_APPROVED)
    return ended


def import_approvals(deps: Deps, admin: Admin, text: str) -> Imported:
    """Approve every row of a CSV. Each row is for itself: what is wrong with one is told, and the others land.

    Each may wait for the store as long as a request may: all together take longer.
    """
    found = list(islice(rows(io.StringIO(text.removeprefix("\ufeff"), newline=""), "The CSV"), MOST_ROWS + 1))
    if len(found) > MOST_ROWS:
        raise InvalidRequest(f"One import takes {MOST_ROWS} rows; `flask approvals import` takes any number.")
    approved, faults = list[str](), list[Fault]()
    for row in found:
        try:
            with ledger.apart():
                approved.append(_approve_row(deps, admin, row).email)
        except StoreUnavailable:
            raise
        except PanzotoError as fault:
            faults.append(Fault(row.where, _said(fault)))
    return Imported(tuple(approved), tuple(faults))


def _approve_row(deps: Deps, admin: Admin, row: Row) -> Approval:
    by = _by(admin, row.says.get("approved_by") or admin.name)
    return give(deps, approval_of(row), by, anything)


def _is_new(before: Approval | None) -> None:
    if before is not None:
        raise Conflict(f"{before.email} is approved already. Change that approval.")


def _is_there(version: str | None, before: Approval | None) -> None:
    if before is None:
        raise NotFound(NOT_APPROVED)
    if version is not None and version != before.version:
        raise Conflict(CHANGED)


def _said(fault: PanzotoError) -> str:
    """What a fault says; of a wrong field that alone, because the row is no request."""
    return ", ".join(f"{each['field']} {each['problem']}" for each in fault.details) or str(fault)


def _by(admin: Admin, name: str | None = None) -> By:
    return By(name or admin.name, admin.actor, admin.client.address, admin.client.user_agent)
